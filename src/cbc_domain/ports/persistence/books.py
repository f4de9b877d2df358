"""The ledger as it is kept: the Financial Manager's only way to change money."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cbc_domain.kernel.ids import JournalId, LotId, MemberId
from cbc_domain.ledger.findings import Proof, Seal, StatementLine
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Journal, Lot, Posting
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

    async def seal(self, most: int) -> int:
        """Give committed, unsealed journals their place in the hash chain; one sealer at a time; how many (LED-22)."""

    async def seals(self, after: int, limit: int) -> Sequence[Seal]: ...

    async def prove(self) -> Proof:
        """Check LED-20 (a) to (e) and the chain over everything in one consistent view."""
