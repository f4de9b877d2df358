"""What a position's protection lacks: what to place, send, cancel or let lapse."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.kernel.ids import OrderId
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.trading.model import PROTECTION, Leg, Order, OrderState, Position, PositionState
from cbc_domain.trading.orders import client_order_id
from cbc_domain.trading.sizes import Bracket, Instrument, SizeFlag
from cbc_domain.trading.sizing import Protection, protection, widest_stop


@attrs.frozen
class Trigger:
    """A stop or target that is wanted and does not exist yet."""

    leg: Leg
    seq: int
    price: Decimal
    quantity: Decimal


@attrs.frozen
class Repairs:
    """How to get from the orders there are to the protection there should be (ORD-08, SIZ-10, POS-10).

    `place` are new triggers, placed before what they replace is cancelled; `send` exist but never left; `cancel` are, or may
    be, at the venue; `expire` never left and are not wanted. `unprotectable` means that the position is closed at once: too
    little filled to carry a stop, or more was bought when its stop had sold already.
    """

    place: tuple[Trigger, ...] = ()
    send: tuple[Order, ...] = ()
    cancel: tuple[Order, ...] = ()
    expire: tuple[Order, ...] = ()
    unprotectable: bool = False


def repairs(position: Position, orders: Iterable[Order], instrument: Instrument, limits: SystemLimits) -> Repairs:
    """Compare a position with its orders; harmless to ask again at any time.

    While a close runs or waits to begin, nothing new is placed and what stands stays; a finished position wants no order.
    As long as an entry may buy more, what is placed is for all that it may buy: reduce-only, it can do no more than close the
    position. When the answer to an entry was lost, what was planned with it is sent before anybody knows whether it bought
    anything.
    """
    legs = tuple(order for order in orders if order.position == position.id)
    waiting = tuple(order for order in legs if order.leg in PROTECTION and not order.state.final)
    to_come = still_to_come(legs)
    if position.state.final or (to_come is None and position.quantity <= 0):
        return _unwanted(waiting)
    leaves = any(order.leg is Leg.EXIT and not order.state.final for order in legs)
    if leaves or position.closing_reason is not None or position.state is PositionState.CLOSING:
        return Repairs()
    if _stopped_out(legs):
        return Repairs(unprotectable=True)
    if position.quantity <= 0:
        doubtful = any(order.leg is Leg.ENTRY and order.state is OrderState.UNKNOWN for order in legs)
        return Repairs(send=tuple(order for order in waiting if doubtful and order.state is OrderState.CREATED))
    if to_come is None and position.quantity < instrument.min_quantity:
        return Repairs(unprotectable=True)
    wanted = wanted_protection(position, instrument, limits)
    stops = _repair(position, Leg.STOP, wanted.stop_loss, legs, instrument, to_come)
    targets = _repair(position, Leg.TARGET, wanted.take_profit, legs, instrument, to_come)
    return Repairs(
        place=stops.place + targets.place,
        send=stops.send + targets.send,
        cancel=stops.cancel + targets.cancel,
        expire=stops.expire + targets.expire,
    )


def still_to_come(orders: Iterable[Order]) -> Decimal | None:
    """How much an entry that is not over may buy beyond what is known; None when it can buy nothing more."""
    entries = [order for order in orders if order.leg is Leg.ENTRY and not order.state.final]
    return sum((order.quantity - order.filled for order in entries), start=Decimal(0)) if entries else None


def wanted_protection(position: Position, instrument: Instrument, limits: SystemLimits) -> Protection:
    """Stop and target around the average fill price, or the planned ones before any fill (SIZ-10)."""
    if position.entry_price is None:
        return Protection(position.size.stop_loss, position.size.take_profit)
    bracket = bracket_for(instrument, position.size.notional)
    widest = widest_stop(position.entry_price, position.size.leverage, bracket.maintenance_rate, limits) if bracket else None
    return protection(
        position.side,
        position.entry_price,
        position.stop_multiplier,
        position.take_multiplier,
        instrument.tick,
        widest,
        toward_entry=SizeFlag.STOP_ROUNDED_TOWARD_ENTRY in position.size.flags,
    )


def bracket_for(instrument: Instrument, notional: Decimal) -> Bracket | None:
    """The leverage bracket that a notional in USDT falls into; None when the venue allows none so large."""
    fitting = [one for one in instrument.brackets if one.notional_up_to is None or notional <= one.notional_up_to]
    return min(fitting, key=lambda one: (one.notional_up_to is None, one.notional_up_to or 0), default=None)


def trigger_order(position: Position, trigger: Trigger, order_id: OrderId, now: datetime) -> Order:
    """Make the order, CREATED, that a trigger asks for."""
    return leg_order(position, trigger.leg, trigger.seq, order_id, trigger.quantity, trigger.price, now)


def first_stop(position: Position, orders: Iterable[Order], order_id: OrderId, now: datetime) -> Order:
    """Make another stop, CREATED, for all that was planned and at the planned price, before anything was bought."""
    size = position.size
    return trigger_order(position, Trigger(Leg.STOP, next_seq(orders, Leg.STOP), size.stop_loss, size.quantity), order_id, now)


def leg_order(
    position: Position, leg: Leg, seq: int, order_id: OrderId, quantity: Decimal, price: Decimal | None, now: datetime
) -> Order:
    """Make an order of one leg of a position, CREATED, under its deterministic id (ORD-03); `price` None for market legs."""
    return Order(
        id=order_id,
        client_id=client_order_id(position.signal, position.member, position.environment, position.venue, leg, seq),
        position=position.id,
        member=position.member,
        account=position.account,
        venue=position.venue,
        environment=position.environment,
        symbol=position.symbol,
        side=position.side,
        leg=leg,
        seq=seq,
        quantity=quantity,
        created_at=now,
        trigger=price,
    )


def next_seq(orders: Iterable[Order], leg: Leg) -> int:
    """The number of the next intended order of a leg, from 0 (ORD-03)."""
    return max((order.seq + 1 for order in orders if order.leg is leg), default=0)


def unprotected_too_long(position: Position, now: datetime, limits: SystemLimits) -> bool:
    """Say whether a position had its first fill more than 5 s ago and is not PROTECTED (ORD-10, POS-11)."""
    waits = position.state is PositionState.OPENING and position.quantity > 0
    return waits and position.opened_at is not None and now - position.opened_at > limits.protect_deadline


def _stopped_out(legs: Iterable[Order]) -> bool:
    """Whether a stop fired and no other one waits: what the entry bought since, or may still buy, is to be sold as well.

    One that goes with the entry and is the venue's to make when that is over waits for nothing: the price was past it.
    """
    sent = [order for order in legs if order.leg is Leg.STOP and order.state is not OrderState.CREATED]
    return all(order.state.final for order in sent) and any(order.filled for order in sent)


def _unwanted(orders: Iterable[Order]) -> Repairs:
    left = tuple(orders)
    return Repairs(
        cancel=tuple(order for order in left if order.state is not OrderState.CREATED),
        expire=tuple(order for order in left if order.state is OrderState.CREATED),
    )


def _repair(
    position: Position, leg: Leg, price: Decimal, orders: Iterable[Order], instrument: Instrument, to_come: Decimal | None
) -> Repairs:
    own = [order for order in orders if order.leg is leg]
    waiting = [order for order in own if not order.state.final]
    fitting = [order for order in waiting if _fits(order, position, price, instrument, to_come)]
    kept = max(fitting, key=lambda order: (order.state is not OrderState.CREATED, order.seq), default=None)
    rest = _unwanted(order for order in waiting if order is not kept)
    if kept is None:
        quantity = position.quantity + (to_come or 0)
        return attrs.evolve(rest, place=(Trigger(leg, next_seq(own, leg), price, quantity),))
    return attrs.evolve(rest, send=(kept,)) if kept.state is OrderState.CREATED else rest


def _fits(order: Order, position: Position, price: Decimal, instrument: Instrument, to_come: Decimal | None) -> bool:
    near = order.trigger is not None and abs(order.trigger - price) < instrument.tick
    left = order.quantity - order.filled
    if to_come is None:
        return near and left >= position.quantity and order.quantity <= position.bought
    # The average price moves with every fill: what covers all that may come is moved once, when nothing more does.
    return left >= position.quantity + to_come and (near or order.state is not OrderState.CREATED)
