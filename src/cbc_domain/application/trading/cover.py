"""What of a trade a stop and a target cover, and whether more can be done about it (ORD-09, ORD-10, POS-11)."""

from collections.abc import Iterable
from datetime import datetime

from cbc_domain.application.trading.standing import AT_VENUE, buying, leaving, newest, stray
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.trading.model import PROTECTION, Leg, Order, OrderState, PositionState
from cbc_domain.trading.protection import unprotected_too_long


def covering(orders: Iterable[Order], leg: Leg) -> Order | None:
    """The latest order of a leg that stands and has not fired for all we know; None without one (POS-11).

    Where the venue called a newer one too late, every older one that lies as near to the entry or nearer was passed too.
    """
    own = [order for order in orders if order.leg is leg]
    return newest((order for order in own if order.state in AT_VENUE and not _was_passed(order, own)), leg)


def bare(trade: Trade) -> bool:
    """Whether something is open and the venue does not hold both a stop and a target for all of it (ORD-09)."""
    position = trade.position
    if position.state.final or position.quantity <= 0 or leaving(trade):
        return False
    return not all(_covers(trade, leg) for leg in PROTECTION)


def unguarded(trade: Trade) -> bool:
    """Whether something is open without a stop for all of it, also when somebody wants it closed already; or strayed."""
    position = trade.position
    if position.state.final:
        return stray(trade) > 0 and covering(trade.orders, Leg.STOP) is None
    return position.quantity > 0 and not _covers(trade, Leg.STOP)


def unfolding(trade: Trade) -> bool:
    """Whether an entry that is not over may have bought more than the standing stop covers."""
    entry, stop = newest(trade.orders, Leg.ENTRY), covering(trade.orders, Leg.STOP)
    if entry is None or not buying(trade):
        return False
    coming = trade.position.quantity + entry.quantity - entry.filled
    return stop is None or stop.quantity - stop.filled < coming


def lacks_first_stop(trade: Trade, limits: SystemLimits) -> bool:
    """Whether an entry that is not over, and of which no fill is known, has no stop any more that was to stand before it.

    The venue refused it, fewer times than we ask, or let it go.
    """
    entry, stop = newest(trade.orders, Leg.ENTRY), newest(trade.orders, Leg.STOP)
    may_buy = entry is not None and not entry.state.final and not trade.position.quantity and not leaving(trade)
    none_left = all(order.state.final for order in trade.orders if order.leg is Leg.STOP)
    return may_buy and stop is not None and none_left and not was_early(stop) and not _refused(trade, Leg.STOP, limits)


def beyond_protection(trade: Trade, now: datetime, limits: SystemLimits) -> bool:
    """Whether a bare position was refused protection as often, or waited for it as long, as is allowed (ORD-10).

    Once is enough when the price is past the stop or target already: it would have sold, and another try would be refused too.
    """
    refused = any((_refused(trade, leg, limits) or _too_late(trade, leg)) and not _covers(trade, leg) for leg in PROTECTION)
    return bare(trade) and (refused or unprotected_too_long(trade.position, now, limits) or _outgrown(trade, now, limits))


def immovable(trade: Trade, leg: Leg, limits: SystemLimits) -> bool:
    """Whether the venue refused a better stop or target as often as we ask: the one that covers everything stays."""
    return _refused(trade, leg, limits) and _covers(trade, leg)


def was_early(order: Order) -> bool:
    """Whether a stop or target was refused because there was no position yet."""
    return order.leg in PROTECTION and order.error_code == Fault.REDUCE_ONLY


def turned_down(trade: Trade, limits: SystemLimits) -> bool:
    """Whether the venue refused one exit after the other, as often as protection is attempted: haste does not help."""
    return _refused(trade, Leg.EXIT, limits)


def _outgrown(trade: Trade, now: datetime, limits: SystemLimits) -> bool:
    """Whether a protected position grew as long ago as is allowed, and what stands does not cover all of it yet (POS-11)."""
    grew = max((order.filled_at for order in trade.orders if order.leg is Leg.ENTRY and order.filled_at), default=None)
    too_little = trade.position.state is PositionState.PROTECTED and not _covers(trade, Leg.STOP)
    return too_little and grew is not None and now - grew > limits.protect_deadline


def _covers(trade: Trade, leg: Leg) -> bool:
    order = covering(trade.orders, leg)
    return order is not None and order.quantity - order.filled >= trade.position.quantity


def _too_late(trade: Trade, leg: Leg) -> bool:
    last = newest(trade.orders, leg)
    return last is not None and _came_too_late(last)


def _came_too_late(order: Order) -> bool:
    return order.state is OrderState.REJECTED and order.error_code == Fault.PRICE_PASSED


def _was_passed(order: Order, own: Iterable[Order]) -> bool:
    return any(late.seq > order.seq and _came_too_late(late) and _as_near(order, late) for late in own)


def _as_near(order: Order, other: Order) -> bool:
    """Whether the price that is past the other one's trigger is past this one's too."""
    if order.trigger is None or other.trigger is None:
        return False
    rising = (order.side is Side.SHORT) is (order.leg is Leg.STOP)
    return order.trigger <= other.trigger if rising else order.trigger >= other.trigger


def _refused(trade: Trade, leg: Leg, limits: SystemLimits) -> bool:
    """The newest orders of a leg were all refused, as many as are attempted (ORD-10).

    A stop or target of an entry in doubt is sent before anything is there: that it was refused for this is no attempt.
    """
    own = (order for order in trade.orders if order.leg is leg and not was_early(order))
    last = sorted(own, key=lambda order: order.seq)
    tried = last[-limits.protect_attempts :]
    return len(tried) == limits.protect_attempts and all(order.state is OrderState.REJECTED for order in tried)
