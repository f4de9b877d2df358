"""Take in what the venues tell of our orders, and mend what it disturbs (POS-10)."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.trading.absorb import News, TradeKeeper
from cbc_domain.application.trading.cover import bare
from cbc_domain.application.trading.desk import facts_of
from cbc_domain.application.trading.standing import still_buying, unfinished
from cbc_domain.kernel.ids import TaskId
from cbc_domain.ports.exchange import Exchange, Report
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.trading.model import OrderState, Position, Task
from cbc_domain.trading.planning import plan_protection

BATCH: Final = 500


@attrs.frozen
class ApplyFills:
    """Fold stream reports into positions in batches; lost ones are found by the sweep, repeated ones change nothing."""

    store: Store
    exchange: Exchange
    clock: Clock
    identities: Identities
    keeper: TradeKeeper

    async def __call__(self) -> int:
        """Answer how many reports were read."""
        reports = await self.exchange.changes(BATCH)
        if reports:
            await self.store.run(partial(self._fold, reports))
        return len(reports)

    async def _fold(self, reports: Sequence[Report], work: UnitOfWork) -> None:
        by_order = await work.trades.positions_of_orders({report.client_id for report in reports})
        news = [News(by_order[report.client_id], facts_of(report)) for report in reports if report.client_id in by_order]
        trades = await self.keeper.keep(work, news)
        await work.lane.add([self._mend(trade.position) for trade in trades.values() if disturbed(trade)])

    def _mend(self, position: Position) -> Task:
        return plan_protection(position, TaskId(self.identities.new()), self.clock.now())


def disturbed(trade: Trade) -> bool:
    """Say whether a trade needs a look at the venue: orders are left of a finished one, or a stop is or will be missing."""
    if trade.position.state.final:
        return any(order.reduces and order.state is not OrderState.CREATED for order in unfinished(trade))
    return bare(trade) or still_buying(trade)
