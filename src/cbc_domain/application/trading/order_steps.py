"""What became of the orders that enter and leave a position, as it is told to others (ARC-05, ARC-07)."""

from collections.abc import Iterator
from typing import Final

from cbc_domain.kernel.events import EventName
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.trading.model import Leg, Order, OrderState

TOLD: Final = frozenset({Leg.ENTRY, Leg.EXIT})
"""Stop and target are told by the position that they protect."""


def order_steps(before: Trade, after: Trade) -> Iterator[tuple[EventName, Order]]:
    """Each step once: an order that the venue took, and one that is wholly filled."""
    old = {order.id: order for order in before.orders}
    for order in after.orders:
        was = old.get(order.id)
        if order.leg not in TOLD or was is None:
            continue
        if _taken(order) and not _taken(was):
            yield EventName.ORDER_SUBMITTED, order
        if order.state is OrderState.FILLED and was.state is not OrderState.FILLED:
            yield EventName.ORDER_FILLED, order


def _taken(order: Order) -> bool:
    # The answer may be lost and the fill be the first that is heard.
    return order.acked_at is not None or order.filled > 0
