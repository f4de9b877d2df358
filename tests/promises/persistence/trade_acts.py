"""What several tests of trades do to a store."""

from datetime import datetime

import attrs

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.persistence.trades import Settlement, Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.work import Hold
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Fill, Order, OrderState, Position
from tests.promises.samples import BTC, MINUTE, NOW, Place, Samples, closed, committed


async def save(store: Store, *positions: Position) -> None:
    async with committed(store) as work:
        known = await work.trades.trades([position.id for position in positions], lock=True)
        orders = {trade.position.id: trade.orders for trade in known}
        await work.trades.save([Trade(position, orders[position.id]) for position in positions], [])


async def read(store: Store, position: PositionId) -> Trade:
    async with store() as work:
        [trade] = await work.trades.trades([position], lock=False)
    return trade


def after_fill(order: Order, fill: Fill) -> Order:
    return attrs.evolve(
        order,
        state=OrderState.FILLED,
        filled=fill.quantity,
        average_price=fill.price,
        fee=fill.fee,
        venue_order_id="v-1",
        sent_at=NOW,
        acked_at=NOW,
        filled_at=fill.at,
        attempts=1,
        fill_ids=frozenset({fill.id}),
    )


async def candidate(store: Store, place: Place, now: datetime = NOW) -> Candidate:
    async with store() as work:
        [found] = await work.planning.candidates([place.member.id], place.strategy.id, now, lock=True)
    return found


async def ended(
    store: Store, samples: Samples, place: Place, closed_at: datetime, exit_price: str, symbol: Symbol = BTC
) -> Position:
    """A trade that was opened a minute before its close and settled at once; it was bought at 60000.5."""
    part = await samples.opened(store, place, symbol, created_at=closed_at - MINUTE)
    position = closed(part.position, closed_at, exit_price)
    final = Settlement(position.id, SettlementState.NOT_CHARGEABLE, SettlementReason.NOT_CHARGEABLE, closed_at)
    async with committed(store) as work:
        await work.lane.finish([Hold(part.task.id, 0)])
        await work.trades.save([Trade(position, part.orders)], [])
        await work.trades.settle([final])
    return position
