"""What members hold, read with or without their accounts locked."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.ledger_accounts import open_accounts
from cbc_adapters.persistence.postgres.rows.ledger import debt_of, lot_of
from cbc_adapters.persistence.postgres.spelled import left
from cbc_adapters.persistence.postgres.tables.books import debts, ledger_accounts, lots
from cbc_adapters.persistence.postgres.tables.people import members
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.ledger.chart import member_account
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, Debt, Lot

_ALWAYS: Final = (AccountKind.MEMBER_REAL, AccountKind.MEMBER_ADMIN, AccountKind.MEMBER_COMMISSION)
"""Every member has these in every currency (LED-11), so that there is something to lock before the first posting."""

_HOLDS: Final = (
    AccountKind.WITHDRAWAL_HOLD,
    AccountKind.PAYOUT_IN_TRANSIT,
    AccountKind.DISPUTE_HOLD,
    AccountKind.COMMISSION_RESERVE,
)

Balances = Mapping[tuple[MemberId, str, str], int]
"""Minor units by member, kind and currency code."""


async def lock_holdings(connection: AsyncConnection, asked: Collection[MemberId]) -> dict[MemberId, Holdings]:
    """Lock all accounts of these members in ascending order, then read."""
    locked = _balances(asked).with_for_update(key_share=True)
    balances = await _read_balances(connection, locked)
    always = [(kind, money) for kind in _ALWAYS for money in LEDGER_CURRENCIES]
    new = {member for member in asked if any((member, kind, money.code) not in balances for kind, money in always)}
    if new:
        found = await connection.execute(select(members.c.id).where(among(members.c.id, new)))
        known = [MemberId(row.id) for row in found]
        await open_accounts(connection, [member_account(kind, one, money) for one in known for kind, money in always])
        # What is new has higher numbers than what is locked already, so the order stays ascending.
        balances = await _read_balances(connection, locked)
    return await _holdings(connection, asked, balances)


async def read_holdings(connection: AsyncConnection, asked: Collection[MemberId]) -> dict[MemberId, Holdings]:
    return await _holdings(connection, asked, await _read_balances(connection, _balances(asked)))


def _balances(asked: Collection[MemberId]) -> Select[Any]:
    return select(ledger_accounts).where(among(ledger_accounts.c.member, asked)).order_by(ledger_accounts.c.id)


async def _read_balances(connection: AsyncConnection, query: Select[Any]) -> Balances:
    return {(row.member, row.kind, row.currency): row.balance for row in await connection.execute(query)}


async def _holdings(connection: AsyncConnection, asked: Collection[MemberId], balances: Balances) -> dict[MemberId, Holdings]:
    left_lots: dict[MemberId, list[Lot]] = {}
    query = select(lots).where(among(lots.c.member, asked), left(lots.c.remaining)).order_by(lots.c.id)
    for row in (await connection.execute(query)).mappings():
        left_lots.setdefault(row["member"], []).append(lot_of(row))
    open_debts: dict[MemberId, list[Debt]] = {}
    owed = select(debts).where(among(debts.c.member, asked), left(debts.c.remaining))
    for row in (await connection.execute(owed.order_by(debts.c.created_at, debts.c.id))).mappings():
        open_debts.setdefault(row["member"], []).append(debt_of(row))
    return {
        member: Holdings(
            member=member,
            real=_sums(balances, member, AccountKind.MEMBER_REAL),
            commission=_sums(balances, member, AccountKind.MEMBER_COMMISSION),
            clawback=_sums(balances, member, AccountKind.AFFILIATE_CLAWBACK),
            lots=tuple(left_lots.get(member, ())),
            debts=tuple(open_debts.get(member, ())),
            on_hold=_sums(balances, member, *_HOLDS),
        )
        for member in sorted(set(asked))
    }


def _sums(balances: Balances, member: MemberId, *kinds: AccountKind) -> tuple[Money, ...]:
    sums = ((sum(balances.get((member, kind, money.code), 0) for kind in kinds), money) for money in LEDGER_CURRENCIES)
    return tuple(Money(minor, money) for minor, money in sums if minor)
