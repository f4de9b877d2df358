"""From one signal to every member's part of it, a page of members at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Ordered, Skipped

Holder = tuple[MemberId, Environment]


class Planning(Protocol):
    """A constant number of statements for each page, however many members it has."""

    async def page(self, signal: SignalId, after: MemberId | None, limit: int) -> Sequence[MemberId]:
        """The next members of role USER in ascending ID who have no decision on this signal yet."""

    async def candidates(
        self,
        members: Sequence[MemberId],
        strategy: StrategyId | None,
        now: datetime,
        *,
        lock: bool,
        read_at: Mapping[Holder, datetime] | None = None,
    ) -> Sequence[Candidate]:
        """All that planning needs to know of these members, in the order given; without a strategy nobody is subscribed.

        Whose accounts were read is compared with that reading: what was moved from its instant on is not in it, and so not in
        what it is measured against (RSK-03).

        With `lock`, each member's places are held until the unit ends, so that two signals cannot both take the last one
        (ELG-05); locks are taken in ascending ID. Raises NotFound `not_found` for nobody.
        """

    async def observe_equity(self, equities: Mapping[Holder, Equity], now: datetime) -> None:
        """Remember measured equities: the first of a member's day and week, and the highest after all transfers (RSK-03)."""

    async def pause_for_drawdown(self, holders: Collection[Holder], now: datetime) -> Collection[Holder]:
        """Keep opens off until the member resumes; answers those who were not paused already (RSK-01)."""

    async def resume_after_drawdown(self, member: MemberId, now: datetime) -> Collection[Environment]:
        """Let opens go on, and measure the next drawdown from what is measured next; where the member was paused."""

    async def record(self, ordered: Sequence[Ordered], skipped: Sequence[Skipped], now: datetime) -> None:
        """Write every intent and every refusal; a member who already has a decision on the signal keeps the first one."""
