"""What is read off the books: statement lines, the links of the chain, and what a proof found."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.model import Account, AccountKind

NO_HASH: Final = "0" * 64
"""What stands before the first link of the chain (LED-22)."""


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
    """What the check of LED-20 found: counts of what was read, and each fault by name with its row.

    Links of the chain up to `since` were taken as proven before; 0 when everything was read. `sealed` and `last_hash` are
    the end of the chain (LED-23). Of faults of one kind the first 100 are named.
    """

    journals: int
    entries: int
    unbalanced: tuple[str, ...] = ()
    mismatched_balances: tuple[str, ...] = ()
    negative_balances: tuple[str, ...] = ()
    lot_faults: tuple[str, ...] = ()
    debt_faults: tuple[str, ...] = ()
    chain_faults: tuple[str, ...] = ()
    sealed: int = 0
    last_hash: str = NO_HASH
    since: int = 0

    @property
    def faults(self) -> tuple[str, ...]:
        """Every fault, those of the chain first, because they name the row that was changed."""
        return (
            *self.chain_faults,
            *self.unbalanced,
            *self.mismatched_balances,
            *self.negative_balances,
            *self.lot_faults,
            *self.debt_faults,
        )

    @property
    def chain_fault(self) -> str | None:
        return self.chain_faults[0] if self.chain_faults else None

    @property
    def holds(self) -> bool:
        return not self.faults


@attrs.frozen
class KeptProof:
    """The result of a proof as it is remembered (LED-21); `whole` when it read everything, `fault` is the first one found."""

    at: datetime
    whole: bool
    sealed: int
    last_hash: str
    fault: str | None = None

    @property
    def held(self) -> bool:
        return self.fault is None


def kept(proof: Proof, at: datetime) -> KeptProof:
    """What is remembered of a proof of that instant."""
    return KeptProof(at, not proof.since, proof.sealed, proof.last_hash, next(iter(proof.faults), None))


@attrs.frozen
class BalanceOf:
    """The balance of one account on its normal side, as a proof reads it twice: stored, and summed from entries."""

    account: Account
    stored: Decimal | None
    summed: Decimal
