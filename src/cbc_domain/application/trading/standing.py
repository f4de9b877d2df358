"""What a trade's orders say about it: what stands at the venue, what is in doubt, what strayed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.trading.model import Leg, Order, OrderState, PositionState

AT_VENUE: Final = frozenset({OrderState.ACKED, OrderState.PARTIALLY_FILLED})
IN_DOUBT: Final = frozenset({OrderState.SUBMITTED, OrderState.UNKNOWN})

MAY_ARRIVE: Final = timedelta(seconds=10)
"""How long a call of ours may take to arrive (EXC-09); afterwards an entry that was given up is asked for with patience."""


def newest(orders: Iterable[Order], leg: Leg) -> Order | None:
    """The latest intended order of a leg; None without one."""
    return max((order for order in orders if order.leg is leg), key=lambda order: order.seq, default=None)


def standing(orders: Iterable[Order], leg: Leg) -> Order | None:
    """The latest order of a leg that the venue has confirmed and not ended; None without one."""
    return newest((order for order in orders if order.state in AT_VENUE), leg)


def unfinished(trade: Trade) -> tuple[Order, ...]:
    return tuple(order for order in trade.orders if not order.state.final)


def entered(trade: Trade) -> bool:
    """Whether nothing more can be bought: the venue's quantity of it can only fall from here."""
    return all(order.state.final for order in trade.orders if order.leg is Leg.ENTRY)


def leaving(trade: Trade) -> bool:
    """Whether somebody wants the position closed."""
    exits = any(order.leg is Leg.EXIT and not order.state.final for order in trade.orders)
    return exits or trade.position.closing_reason is not None


def being_sold(trade: Trade) -> bool:
    """Whether somebody sells what was bought: he sees to everything else as well, and waits while anybody looks (POS-11)."""
    position = trade.position
    return not position.state.final and (position.closing_reason is not None or (position.quantity > 0 and leaving(trade)))


def in_doubt(trade: Trade) -> bool:
    """Whether the answer to an entry was lost: it may have been filled, and its stop refused."""
    entry = newest(trade.orders, Leg.ENTRY)
    return entry is not None and entry.state is OrderState.UNKNOWN


def buying(trade: Trade) -> bool:
    """Whether the venue took an entry that is not over."""
    entry = newest(trade.orders, Leg.ENTRY)
    return entry is not None and entry.state in AT_VENUE


def still_buying(trade: Trade) -> bool:
    """Whether an entry may go on buying though its position is being sold already: what sold it covers nothing more."""
    entry = newest(trade.orders, Leg.ENTRY)
    return entry is not None and entry.state in AT_VENUE and any(order.reduces and order.filled for order in trade.orders)


def entry_lapsed(trade: Trade) -> bool:
    """Whether an entry was given up that had perhaps been sent."""
    entry = newest(trade.orders, Leg.ENTRY)
    return entry is not None and entry.state is OrderState.EXPIRED and entry.sent_at is not None


def lapsed_within(trade: Trade, lately: timedelta, now: datetime) -> bool:
    entry = newest(trade.orders, Leg.ENTRY)
    return entry_lapsed(trade) and entry is not None and now - (entry.ended_at or now) < lately


def may_arrive(trade: Trade, now: datetime) -> bool:
    """Whether an entry that was given up may be on its way still: what would protect it stays (ORD-04, POS-11)."""
    return trade.position.state is PositionState.ABANDONED and lapsed_within(trade, MAY_ARRIVE, now)


def stray(trade: Trade) -> Decimal:
    """What the entry of an abandoned position bought all the same and nothing of ours has sold again; else zero.

    The venue took an order that it had said it did not know: the position is final, what is there must go.
    """
    if trade.position.state is not PositionState.ABANDONED:
        return Decimal(0)
    bought = sum((order.filled for order in trade.orders if not order.reduces), start=Decimal(0))
    return max(bought - sum((order.filled for order in trade.orders if order.reduces), start=Decimal(0)), Decimal(0))
