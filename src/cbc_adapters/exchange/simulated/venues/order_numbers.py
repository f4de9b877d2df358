"""The venues' own numbers of orders and trades, where a wire writes numbers; another for what a triggered order became."""

from typing import Final

from cbc_adapters.exchange.simulated.model import VenueOrder

NUMBERS: Final = 10**9
"""Orders of one account have numbers of their own; the account's ordinal comes before them."""
TRIGGERED: Final = NUMBERS // 2
"""A stop or target that was triggered becomes a plain order, whose number is so much higher."""


def order_number(venue_order_id: str) -> int:
    """The number of an order or of a trade, from the engine's id of it."""
    _, ordinal, number = venue_order_id.split("-")
    return int(ordinal) * NUMBERS + int(number)


def plain_number(order: VenueOrder) -> int:
    """The number of the plain order that an order is, or becomes when it is triggered."""
    number = order_number(order.venue_order_id)
    return number + TRIGGERED if order.ticket.trigger is not None else number


def numbered(plain: int) -> tuple[int, bool]:
    """The number of an order by that of the plain order, and whether it was triggered to become one."""
    triggered = plain % NUMBERS > TRIGGERED
    return (plain - TRIGGERED if triggered else plain), triggered
