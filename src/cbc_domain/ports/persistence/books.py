"""The ledger as it is kept: the Financial Manager's only way to change money."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cbc_domain.kernel.events import Event
from cbc_domain.kernel.ids import DebtId, JournalId, LotId, MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.findings import KeptProof, Proof, Seal, StatementLine
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, Journal, Lot, Posting
from cbc_domain.ports.persistence.views import Page


class Books(Protocol):
    async def hold(self, members: Collection[MemberId]) -> Mapping[MemberId, Holdings]:
        """Read what members hold with their accounts locked in ascending order until the unit ends (LED-07).

        A member without accounts has empty Holdings. The answer has every member asked for.
        """

    async def holdings(self, member: MemberId) -> Holdings:
        """Read without locking; for showing only."""

    async def post(self, journals: Sequence[Journal], posted_at: datetime) -> Sequence[Posting]:
        """Post in order, in set-based statements, with lots, debts and conversions; answers in the same order.

        A key that stands already with the same fingerprint answers its posting with `replay` and changes nothing (LED-06).
        Raises KeyReused for other entries under a known key, InsufficientFunds when an account with a floor would go
        negative (LED-04); then nothing of this call is written.
        """

    async def posting(self, key: str) -> Posting | None: ...

    async def posting_of(self, journal: JournalId) -> Posting | None: ...

    async def postings_of(self, journals: Collection[JournalId]) -> Sequence[Posting]:
        """These postings in no particular order, in a fixed number of statements; unknown ones are left out."""

    async def statement(
        self,
        member: MemberId,
        cursor: str | None,
        limit: int,
        since: datetime | None,
        until: datetime | None,
        kind: str | None,
    ) -> Page[StatementLine]:
        """A member's entries, newest first, with the running balance of their account (BAL-13); since <= posted_at < until."""

    async def expired_lots(self, now: datetime, limit: int) -> Sequence[Lot]:
        """Active lots with something left and expires_at <= now, oldest first (BAL-04)."""

    async def lot(self, lot: LotId) -> Lot | None: ...

    async def debt(self, debt: DebtId) -> Debt | None: ...

    async def open_debts(self, after: DebtId | None, limit: int) -> Sequence[Debt]:
        """Page through all debts with something left, ascending ID."""

    async def forgiven(self, debts: Collection[DebtId]) -> Mapping[DebtId, Money]:
        """How much of these debts was forgiven (LED-F11); those of which nothing was are left out."""

    async def seal(self, most: int) -> int:
        """Give up to `most` committed, unsealed journals their place in the hash chain; how many (LED-22).

        One sealer at a time. A journal that does not balance any more stays unsealed, for the proof to name.
        """

    async def seals(self, after: int, limit: int) -> Sequence[Seal]: ...

    async def prove(self) -> Proof:
        """Check LED-20 (a) to (e), (g) and the chain over everything in one consistent view."""

    async def prove_since_last(self) -> Proof:
        """Check what came after the last good proof that was kept, and every balance; everything when none was."""

    async def keep_proof(self, proof: Proof, at: datetime) -> None:
        """Remember a result; one that holds is where `prove_since_last` goes on from (LED-21)."""

    async def kept_proof(self, *, whole: bool = False, held: bool = False) -> KeptProof | None:
        """The newest result; only of proofs that read everything when `whole`, that found nothing when `held`."""


class Teller(Protocol):
    """Takes finished journals over the counter, for callers that need nothing else in the same transaction.

    Who has to see what a member holds before deciding holds and posts in a unit of work instead.
    """

    async def post(self, journals: Sequence[Journal], posted_at: datetime, events: Sequence[Event] = ()) -> Sequence[Posting]:
        """Post and commit, all of it or nothing, with the events that tell of it; answers and raises as `Books.post`.

        Those who call at the same time share one commit, and what one of them is refused harms no other. No event is told
        of journals that all stood already. Raises Unavailable when the store is away; who stops waiting may still be posted.
        """
