"""What receipts are read from, and the setbacks that nothing else keeps."""

from collections.abc import Collection, Sequence
from typing import Protocol

import attrs

from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import MemberId, OrderId, PositionId
from cbc_domain.ports.persistence.views import Page
from cbc_domain.signals.model import Signal
from cbc_domain.trading.facts import Facts
from cbc_domain.trading.model import PositionState, Setback


@attrs.frozen
class Standing:
    """How many parts of a signal stand alike: refused for this headline `reason`, or with a position in this state."""

    reason: str | None
    state: PositionState | None
    settlement: SettlementState | None
    parts: int


class Receipts(Protocol):
    """Each answer takes a constant number of statements, however many members it tells of."""

    async def page(self, signal: Signal, cursor: str | None, limit: int) -> Page[Facts]:
        """The parts of a signal, of the newest member first; of a close, one part for each position it reached."""

    async def of_member(self, signal: Signal, member: MemberId) -> Sequence[Facts]:
        """A member's parts of a signal, newest position first; none while nothing was decided for him."""

    async def of_positions(self, positions: Collection[PositionId]) -> Sequence[Facts]:
        """The parts that made these positions, in ascending ID of the position; unknown ones are left out."""

    async def position_of(self, order: OrderId) -> PositionId | None: ...

    async def standings(self, signal: Signal) -> Sequence[Standing]:
        """Count the parts of a signal by how they stand, the most frequent first."""

    async def note(self, setbacks: Sequence[Setback]) -> None:
        """Keep setbacks of orders that stand; one known by (order, instant, code) changes nothing."""
