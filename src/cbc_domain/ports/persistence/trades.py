"""Orders, fills and positions of all members."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from cbc_domain.kernel.ids import AccountId, MemberId, PositionId, SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol, Venue
from cbc_domain.ports.persistence.views import Page
from cbc_domain.risk.model import CoinBlock, StopScope
from cbc_domain.signals.closing import Reach
from cbc_domain.trading.model import Fill, Order, Position, PositionState
from cbc_domain.trading.settlement import Settlement as Settlement


@attrs.frozen
class Trade:
    """A position with all its orders, oldest first."""

    position: Position
    orders: tuple[Order, ...]


@attrs.frozen
class OrderTally:
    """How many orders were sent to a venue, and how many of them it refused or did not answer for."""

    sent: int
    failed: int


class Trades(Protocol):
    async def trades(self, positions: Collection[PositionId], *, lock: bool) -> Sequence[Trade]:
        """Read positions with their orders, in ascending ID; with `lock` they are held until the unit ends."""

    async def positions_of_orders(self, client_ids: Collection[str]) -> Mapping[str, PositionId]:
        """The position to which each of these client order ids belongs; ids that are not ours are left out."""

    async def add_orders(self, orders: Sequence[Order]) -> None:
        """Write new intents; an order whose client id stands already is left as it is (ORD-02, ORD-03)."""

    async def save(self, trades: Sequence[Trade], fills: Sequence[tuple[AccountId, Fill]]) -> None:
        """Write the changed state of positions and orders, and new fills; one known by (account, id) changes nothing."""

    async def closable(self, reach: Reach, after: PositionId | None, limit: int) -> Sequence[PositionId]:
        """Positions OPENING or PROTECTED that a close reaches (POS-04, SIG-22), by ID."""

    async def opened_since(
        self, strategy: StrategyId, symbol: Symbol | None, sides: Collection[Side], since: datetime
    ) -> PositionId | None:
        """The newest position that a close would reach and that was created after `since`, or None (SIG-30)."""

    async def unfinished(self, after: PositionId | None, limit: int, touched_before: datetime) -> Sequence[PositionId]:
        """Positions not in a final state whose last change is older than `touched_before`, ascending ID (POS-10)."""

    async def holders(self, after: AccountId | None, limit: int) -> Sequence[AccountId]:
        """Accounts that have a position in no final state, ascending, each once."""

    async def open_of(self, member: MemberId) -> Sequence[PositionId]: ...

    async def in_scope(
        self, scope: StopScope, target: str | None, after: PositionId | None, limit: int
    ) -> Sequence[PositionId]:
        """Positions not in a final state that an emergency act reaches (RSK-20), ascending ID."""

    async def sent_since(self, since: datetime) -> Mapping[Venue, OrderTally]:
        """The orders that were made since then and sent, by venue (RSK-22)."""

    async def block_coins(self, blocks: Sequence[CoinBlock]) -> None: ...

    async def unsettled(self, now: datetime, limit: int) -> Sequence[PositionId]:
        """Closed positions that can be settled, in the order of closing: UNSETTLED first, then PENDING_RATE.

        Those that wait for a rate come last, so that however many they are they hold up nobody. A live one is left out until
        its venue's result is recorded or RECORD_WAIT has passed since its close (COM-05).
        """

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Write settlements and the positions' settlement state; a position that is SETTLED already stays as it is."""

    async def resettle(self, settlement: Settlement) -> None:
        """Put another settlement in the place of one that is SETTLED (COM-14); any other stays as it is."""

    async def settlements(self, positions: Collection[PositionId]) -> Sequence[Settlement]: ...

    async def positions_page(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, states: Collection[PositionState] | None
    ) -> Page[Position]:
        """A member's positions, newest first; `states` None for all."""

    async def orders_page(
        self, member: MemberId, cursor: str | None, limit: int, symbol: str | None, status: str | None
    ) -> Page[Order]: ...

    async def of_signal(self, signal: SignalId, member: MemberId | None) -> Sequence[PositionId]: ...
