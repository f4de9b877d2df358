"""The invariants of LED-20 as they are proven over everything that stands in the books."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.time import CALENDAR_ZONE, day_start
from cbc_domain.ledger.chart import CHART, effect
from cbc_domain.ledger.findings import NO_HASH, BalanceOf, Proof, Seal
from cbc_domain.ledger.model import Account, AccountKind, Debt, Journal, Lot, Posting

NIGHT_PROOF: Final = timedelta(hours=3)
"""When after midnight of the calendar zone everything is proven (LED-21)."""


@attrs.frozen
class Chain:
    """What following the chain gave: its last link, its faults, and the journals `proven` by an earlier proof."""

    last: Seal | None = None
    faults: tuple[str, ...] = ()
    since: int = 0
    proven: frozenset[JournalId] = frozenset()


def balances(journals: Iterable[Journal]) -> dict[Account, int]:
    """Minor units of every account on its normal side, by replaying entries (LED-03, LED-20 g)."""
    sums: dict[Account, int] = {}
    for journal in journals:
        for entry in journal.entries:
            sums[entry.account] = sums.get(entry.account, 0) + effect(entry)
    return sums


def subledger_fault(journal: Journal) -> str | None:
    """Say where entries and the lots or debts they stand for disagree within one journal; None when they agree."""
    lots = [lot.amount for lot in journal.lots_opened] + [-use.amount for use in journal.lot_uses]
    debts = [debt.amount for debt in journal.debts_opened] + [-payment.amount for payment in journal.debt_payments]
    for kind, parts in ((AccountKind.MEMBER_ADMIN, lots), (AccountKind.MEMBER_DEBT, debts)):
        stood = _by_currency(
            Money(effect(entry), entry.amount.currency) for entry in journal.entries if entry.account.kind is kind
        )
        if stood != _by_currency(parts):
            return f"{journal.key}: {kind} was {stood}, its parts {_by_currency(parts)}"
    return None


def mismatched(rows: Iterable[BalanceOf]) -> tuple[str, ...]:
    """Accounts whose stored balance is not the sum of their entries (LED-20 b); None stored is not compared."""
    return tuple(
        f"{_name(row.account)}: stored {row.stored}, entries {row.summed}"
        for row in rows
        if row.stored is not None and row.stored != row.summed
    )


def negative(rows: Iterable[BalanceOf]) -> tuple[str, ...]:
    """Accounts with a floor whose entries sum below zero (LED-20 c)."""
    return tuple(f"{_name(row.account)}: {row.summed}" for row in rows if CHART[row.account.kind].floor and row.summed < 0)


def lot_faults(sums: Mapping[Account, int], lots: Iterable[Lot]) -> tuple[str, ...]:
    """Members whose remaining lots do not sum to `member_admin` (LED-20 d)."""
    return _part_faults(AccountKind.MEMBER_ADMIN, sums, ((str(lot.member), lot.remaining) for lot in lots))


def debt_faults(sums: Mapping[Account, int], debts: Iterable[Debt]) -> tuple[str, ...]:
    """Members whose open debts do not sum to `member_debt` (LED-20 e)."""
    return _part_faults(AccountKind.MEMBER_DEBT, sums, ((str(debt.member), debt.remaining) for debt in debts))


def prove(
    postings: Sequence[Posting], stored: Mapping[Account, int], lots: Iterable[Lot], debts: Iterable[Debt], chain: Chain
) -> Proof:
    """Check LED-20 (a) to (e) over books that fit in memory; `stored` are cached balances in minor units."""
    sums = balances(posting.journal for posting in postings)
    rows = [
        BalanceOf(
            account,
            Decimal(stored.get(account, 0)) if CHART[account.kind].floor else None,
            Decimal(sums.get(account, 0)),
        )
        for account in sorted(sums.keys() | stored.keys())
    ]
    read = postings if not chain.since else [posting for posting in postings if posting.id not in chain.proven]
    return Proof(
        journals=len(read),
        entries=sum(len(posting.journal.entries) for posting in read),
        unbalanced=tuple(posting.journal.key for posting in read if any(posting.journal.sums().values())),
        mismatched_balances=mismatched(rows),
        negative_balances=negative(rows),
        lot_faults=lot_faults(sums, lots),
        debt_faults=debt_faults(sums, debts),
        chain_faults=chain.faults,
        sealed=chain.last.seq if chain.last else 0,
        last_hash=chain.last.hash if chain.last else NO_HASH,
        since=chain.since,
    )


def night_proof_due(last: datetime | None, now: datetime) -> bool:
    """Whether everything is to be proven anew: the last time was before the latest 03:00 of the calendar zone (LED-21)."""
    start = day_start(now - NIGHT_PROOF, CALENDAR_ZONE) + NIGHT_PROOF
    return last is None or last < start


def _part_faults(kind: AccountKind, sums: Mapping[Account, int], parts: Iterable[tuple[str, Money]]) -> tuple[str, ...]:
    left = {account: minor for account, minor in sums.items() if account.kind is kind and minor}
    for owner, money in parts:
        account = Account(kind, owner, money.currency)
        left[account] = left.get(account, 0) - money.minor
    return tuple(
        f"{_name(account)}: {minor} minor units without their part" for account, minor in sorted(left.items()) if minor
    )


def _by_currency(amounts: Iterable[Money]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for money in amounts:
        sums[money.currency.code] = sums.get(money.currency.code, 0) + money.minor
    return {code: minor for code, minor in sums.items() if minor}


def _name(account: Account) -> str:
    return f"{account.kind} {account.currency.code} of {account.owner}"
