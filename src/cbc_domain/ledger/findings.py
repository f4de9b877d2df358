"""What is read off the books: statement lines, the links of the chain, and what a proof found."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.model import Account, AccountKind


@attrs.frozen
class Seal:
    """One link of the hash chain over the journal (LED-22); `hash` is hex SHA-256."""

    seq: int
    journal: JournalId
    hash: str


@attrs.frozen
class StatementLine:
    """One entry of a member's account as the member reads it: signed effect and running balance on the normal side (BAL-13)."""

    journal: JournalId
    posted_at: datetime
    flow: str
    kind: str
    account: AccountKind
    effect: Money
    balance: Money
    references: Mapping[str, str]


@attrs.frozen
class Proof:
    """What the check of LED-20 found: counts of what was read, and each fault by name with its row."""

    journals: int
    entries: int
    unbalanced: tuple[str, ...] = ()
    mismatched_balances: tuple[str, ...] = ()
    negative_balances: tuple[str, ...] = ()
    lot_faults: tuple[str, ...] = ()
    debt_faults: tuple[str, ...] = ()
    chain_fault: str | None = None
    sealed: int = 0

    @property
    def holds(self) -> bool:
        return not (
            self.unbalanced
            or self.mismatched_balances
            or self.negative_balances
            or self.lot_faults
            or self.debt_faults
            or self.chain_fault
        )


@attrs.frozen
class BalanceOf:
    """The balance of one account on its normal side, as a proof reads it twice: stored, and summed from entries."""

    account: Account
    stored: Decimal | None
    summed: Decimal
