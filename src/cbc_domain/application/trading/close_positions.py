"""Turn a close into one exit task for each position it reaches; closes need nobody's permission (DEC-06, SIG-22)."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final

import attrs

from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import OrderId, PositionId, SignalId, TaskId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.signals.closing import reach_of
from cbc_domain.signals.model import Signal, Strategy
from cbc_domain.trading.model import CloseReason, Leg
from cbc_domain.trading.planning import plan_close

PAGE: Final = 1000


@attrs.frozen
class ClosePositions:
    """Harmless to repeat: a position has one exit task for a signal."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, signal: Signal) -> None:
        async with self.store() as work:
            strategy = await work.signals.strategy(signal.strategy)
        if strategy is None:
            raise NotFound("not_found", f"expected the strategy of signal {signal.id}")
        after: PositionId | None = None
        while reached := await self.store.run(partial(self._page, signal, strategy, after)):
            after = reached[-1]

    async def _page(
        self, signal: Signal, strategy: Strategy, after: PositionId | None, work: UnitOfWork
    ) -> Sequence[PositionId]:
        reached = await work.trades.closable(reach_of(signal, strategy), after, PAGE)
        await close_positions(work, reached, CloseReason.SIGNAL, self.clock, self.identities, signal.id)
        return reached


async def close_positions(
    work: UnitOfWork,
    positions: Collection[PositionId],
    reason: CloseReason,
    clock: Clock,
    identities: Identities,
    signal: SignalId | None = None,
) -> None:
    """Add an exit task with its order for each position that is not final and not being closed already."""
    trades = await work.trades.trades(positions, lock=True)
    now = clock.now()
    tasks, exits = [], []
    for trade in trades:
        leaving = any(order.leg is Leg.EXIT and not order.state.final for order in trade.orders)
        if not trade.position.state.final and not leaving:
            task, order = plan_close(
                trade.position, trade.orders, signal, reason, TaskId(identities.new()), OrderId(identities.new()), now
            )
            tasks.append(task)
            exits.append(order)
    await work.lane.add(tasks, exits)
