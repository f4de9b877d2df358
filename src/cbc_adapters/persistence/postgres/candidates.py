"""Members as planning sees them, a page in a constant number of statements (ELG-05)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CompoundSelect, RowMapping, Select, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.activities import read_activities
from cbc_adapters.persistence.postgres.rows.people import account_of, member_of
from cbc_adapters.persistence.postgres.spelled import left, one_of
from cbc_adapters.persistence.postgres.tables.books import debts, ledger_accounts, lots
from cbc_adapters.persistence.postgres.tables.people import exchange_accounts, member_settings, members, subscriptions
from cbc_adapters.persistence.postgres.tables.trades import orders, positions
from cbc_adapters.persistence.postgres.trade_reading import ENDED, among
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.ids import MemberId, StrategyId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, Money
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.model import AccountKind, LotStatus
from cbc_domain.plans.model import PlanCode
from cbc_domain.ports.persistence.planning import Holder
from cbc_domain.risk.model import Activity, ExchangeAccount
from cbc_domain.risk.settings import wished
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Leg

RECENT: Final = timedelta(minutes=1)
"""The time in which entry orders are counted (ORD-15)."""

Sums = dict[tuple[str, MemberId], dict[str, int]]


async def lock_members(connection: AsyncConnection, ids: Sequence[MemberId]) -> None:
    """Hold the members' places until the transaction ends, in ascending ID; rows that refer to them may be written."""
    held = select(members.c.id).where(among(members.c.id, ids)).order_by(members.c.id).with_for_update(key_share=True)
    await connection.execute(held)


async def read_candidates(
    connection: AsyncConnection,
    ids: Sequence[MemberId],
    strategy: StrategyId | None,
    now: datetime,
    read_at: Mapping[Holder, datetime],
) -> Mapping[MemberId, Candidate]:
    """All that is known of these members; who is unknown is left out."""
    rows = (await connection.execute(_people(ids, strategy, now))).mappings().all()
    accounts: dict[MemberId, list[ExchangeAccount]] = {}
    for row in (await connection.execute(_accounts(ids))).mappings():
        accounts.setdefault(row["member"], []).append(account_of(row))
    sums: Sums = {}
    for row in (await connection.execute(_sums(ids, now))).mappings():
        sums.setdefault((row["what"], row["member"]), {})[row["currency"]] = int(row["minor"])
    activities = await read_activities(connection, [member_of(row) for row in rows], now, read_at)
    return {row["id"]: _candidate(row, accounts.get(row["id"], []), sums, activities[row["id"]]) for row in rows}


def _candidate(row: RowMapping, accounts: Sequence[ExchangeAccount], sums: Sums, activities: tuple[Activity, ...]) -> Candidate:
    def of(what: str) -> tuple[Money, ...]:
        known = sums.get((what, row["id"]), {})
        return tuple(Money(known.get(currency.code, 0), currency) for currency in LEDGER_CURRENCIES)

    return Candidate(
        member=member_of(row),
        plan=PlanCode(row["plan"]),
        settings=wished(row["wishes"] or {}),
        settings_version=row["wishes_version"] or 0,
        subscribed=row["subscribed"],
        paused=row["paused"],
        real=of("real"),
        admin=of("admin"),
        owes=of("owes"),
        rehearsal_trades=row["rehearsal_trades"],
        live_since=row["live_since"],
        accounts=tuple(accounts),
        activities=activities,
        affiliate=row["referred_by"],
        affiliate_tier=AffiliateTier(row["affiliate_tier"] or AffiliateTier.NONE),
        recent_orders=row["recent_orders"],
    )


def _people(ids: Sequence[MemberId], strategy: StrategyId | None, now: datetime) -> Select[Any]:
    position, order, referrer = positions.c, orders.c, members.alias("referrer")
    subscribed = (
        select(subscriptions.c.member)
        .where(subscriptions.c.member == members.c.id, subscriptions.c.strategy == strategy)
        .exists()
    )
    opened_live = select(func.min(position.opened_at)).where(
        position.member == members.c.id, position.environment == Environment.LIVE.value
    )
    rehearsed = select(func.count()).where(
        position.member == members.c.id, position.environment != Environment.LIVE.value, ENDED
    )
    entered = select(func.count()).where(
        order.member == members.c.id, one_of(order.leg, (Leg.ENTRY,)), order.created_at > now - RECENT
    )
    return (
        select(
            members,
            member_settings.c.wishes,
            member_settings.c.version.label("wishes_version"),
            referrer.c.tier.label("affiliate_tier"),
            (subscribed if strategy is not None else literal(False)).label("subscribed"),
            opened_live.scalar_subquery().label("live_since"),
            rehearsed.scalar_subquery().label("rehearsal_trades"),
            entered.scalar_subquery().label("recent_orders"),
        )
        .outerjoin(member_settings, member_settings.c.member == members.c.id)
        .outerjoin(referrer, referrer.c.id == members.c.referred_by)
        .where(among(members.c.id, ids))
    )


def _accounts(ids: Sequence[MemberId]) -> Select[Any]:
    return select(exchange_accounts).where(among(exchange_accounts.c.member, ids)).order_by(exchange_accounts.c.id)


def _sums(ids: Sequence[MemberId], now: datetime) -> CompoundSelect[Any]:
    account, lot, debt = ledger_accounts.c, lots.c, debts.c
    what, minor = literal("real").label("what"), account.balance.label("minor")
    real = select(what, account.member, account.currency, minor).where(
        among(account.member, ids), account.kind == AccountKind.MEMBER_REAL.value
    )
    usable = left(lot.remaining) & (lot.status == LotStatus.ACTIVE.value) & (lot.expires_at > now)
    admin = (
        select(literal("admin"), lot.member, lot.currency, func.sum(lot.remaining))
        .where(among(lot.member, ids), usable)
        .group_by(lot.member, lot.currency)
    )
    owes = (
        select(literal("owes"), debt.member, debt.currency, func.sum(debt.remaining))
        .where(among(debt.member, ids), left(debt.remaining))
        .group_by(debt.member, debt.currency)
    )
    return union_all(real, admin, owes)
