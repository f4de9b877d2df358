"""From one signal to every member's part of it, a page of members at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.venues import Environment
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Ordered, Skipped


class Planning(Protocol):
    """A constant number of statements for each page, however many members it has."""

    async def page(self, signal: SignalId, after: MemberId | None, limit: int) -> Sequence[MemberId]:
        """The next members of role USER in ascending ID who have no decision on this signal yet."""

    async def candidates(
        self, members: Sequence[MemberId], strategy: StrategyId | None, now: datetime, *, lock: bool
    ) -> Sequence[Candidate]:
        """All that planning needs to know of these members, in the order given; without a strategy nobody is subscribed.

        With `lock`, each member's places are held until the unit ends, so that two signals cannot both take the last one
        (ELG-05); locks are taken in ascending ID. Raises NotFound `not_found` for nobody.
        """

    async def observe_equity(self, equities: Mapping[tuple[MemberId, Environment], Decimal], now: datetime) -> None:
        """Remember measured equities in USDT: the first of a member's day and week, and the highest (RSK-03)."""

    async def record(self, ordered: Sequence[Ordered], skipped: Sequence[Skipped], now: datetime) -> None:
        """Write every intent and every refusal; a member who already has a decision on the signal keeps the first one."""
