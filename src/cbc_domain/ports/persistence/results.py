"""What venues themselves say that closed positions brought, and where that contradicts what was charged."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import attrs

from cbc_domain.kernel.ids import PositionId


@attrs.frozen
class Review:
    """A position whose venue reports another result than the one that was charged; both in USDT (COM-15)."""

    position: PositionId
    charged: Decimal
    reported: Decimal
    at: datetime


class Results(Protocol):
    async def record(self, results: Mapping[PositionId, Decimal], at: datetime) -> None:
        """Keep the venue's net result of closed positions in USDT, for our quantity (COM-05); a known one stays."""

    async def of(self, positions: Collection[PositionId]) -> Mapping[PositionId, Decimal]:
        """The recorded results; positions without one are left out."""

    async def missing(self, now: datetime, limit: int) -> Sequence[PositionId]:
        """Live positions that wait for settlement and for their venue's result, in the order of closing.

        Those closed RECORD_WAIT ago or longer wait no more and are left out.
        """

    async def charged_since(self, since: datetime, after: PositionId | None, limit: int) -> Sequence[PositionId]:
        """Live positions closed from `since` on whose settlement is final and not reversed, ascending ID."""

    async def list_for_review(self, reviews: Sequence[Review]) -> None:
        """Put positions on the list; one that is on it gets the newest report."""

    async def reviews(self, limit: int) -> Sequence[Review]:
        """The list, newest first."""
