"""How a journal transaction is put together: sides named, nothing of zero, the kind told by the key."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.chart import company_account, member_account
from cbc_domain.ledger.model import AccountKind, Direction, Entry, Journal

SYSTEM: Final = "system"
"""The actor of postings that no person asked for."""

Leg = tuple[Direction, AccountKind, MemberId | None, Money]
"""A side to be: None owns what the company or the processor owns."""


def debited(kind: AccountKind, owner: MemberId | None, amount: Money) -> Leg:
    return (Direction.DEBIT, kind, owner, amount)


def credited(kind: AccountKind, owner: MemberId | None, amount: Money) -> Leg:
    return (Direction.CREDIT, kind, owner, amount)


def draft(
    flow: str, key: str, at: datetime, actor: str, legs: Iterable[Leg], references: Mapping[str, str] | None = None
) -> Journal:
    """Build a journal of the legs that are not zero; its kind is the word before the first colon of its key.

    Raises UnbalancedJournal, and Invalid `amount_not_positive` for a negative leg.
    """
    entries = tuple(_entry(*leg) for leg in legs if leg[-1])
    return Journal(flow, key.partition(":")[0], key, at, actor, entries, references or {})


def _entry(direction: Direction, kind: AccountKind, owner: MemberId | None, amount: Money) -> Entry:
    currency = amount.currency
    account = company_account(kind, currency) if owner is None else member_account(kind, owner, currency)
    return Entry(account, direction, amount)
