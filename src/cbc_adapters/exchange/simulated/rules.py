"""The venue's own rules: filters, prices of fills, margin, and what one candle sets off."""

from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.model import Bar, VenueOrder, VenuePosition
from cbc_domain.kernel.rounding import down_to, half_up, up_to
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.trading.model import PROTECTION, Leg
from cbc_domain.trading.sizes import Bracket, Instrument

USDT_PLACES: Final = 8
"""Places of a fee, a margin and a funding payment (GEN-03)."""


def check_filters(instrument: Instrument, ticket: Ticket, price: Decimal) -> None:
    """Raises VenueRefused FILTER for a quantity or trigger that the instrument does not take."""
    quantity = ticket.quantity
    if quantity <= 0 or down_to(quantity, instrument.step) != quantity:
        raise VenueRefused(Fault.FILTER, f"expected a positive multiple of step {instrument.step}, was {quantity}")
    # What is held can always be closed, however little a part of it was ever filled.
    if quantity < instrument.min_quantity and ticket.leg is not Leg.EXIT:
        raise VenueRefused(Fault.FILTER, f"expected at least {instrument.min_quantity}, was {quantity}")
    if ticket.leg in {Leg.ENTRY, Leg.EXIT}:
        _check_market_order(instrument, ticket, price)
    else:
        _check_trigger(instrument, ticket, price)


def _check_market_order(instrument: Instrument, ticket: Ticket, price: Decimal) -> None:
    largest = instrument.max_market_quantity
    if largest is not None and ticket.quantity > largest:
        raise VenueRefused(Fault.FILTER, f"expected at most {largest} at market, was {ticket.quantity}")
    if ticket.trigger is not None:
        raise VenueRefused(Fault.FILTER, f"expected no trigger for a market order, was {ticket.trigger}")
    notional = ticket.quantity * instrument.contract_size * price
    if ticket.leg is Leg.ENTRY and notional < instrument.min_notional:
        raise VenueRefused(Fault.FILTER, f"expected a notional of at least {instrument.min_notional}, was {notional}")


def _check_trigger(instrument: Instrument, ticket: Ticket, price: Decimal) -> None:
    trigger = ticket.trigger
    if trigger is None or trigger <= 0 or down_to(trigger, instrument.tick) != trigger:
        raise VenueRefused(Fault.FILTER, f"expected a trigger on tick {instrument.tick}, was {trigger}")
    # A long's stop and a short's target wait below the price, the other two above it.
    waits_below = (ticket.leg is Leg.STOP) == (ticket.side is Side.LONG)
    if (trigger >= price) if waits_below else (trigger <= price):
        raise VenueRefused(Fault.PRICE_PASSED, f"expected a {ticket.leg.name} not reached yet, was {trigger} at {price}")


def bracket_for(instrument: Instrument, notional: Decimal) -> Bracket:
    for bracket in instrument.brackets:
        if bracket.notional_up_to is None or notional <= bracket.notional_up_to:
            return bracket
    raise VenueRefused(Fault.FILTER, f"expected a notional within the brackets, was {notional}")


def slipped(price: Decimal, slippage: Decimal, tick: Decimal, buys: bool) -> Decimal:
    """The price of a fill, on the tick, moved against the member."""
    if buys:
        return up_to(price * (1 + slippage), tick)
    return max(tick, down_to(price * (1 - slippage), tick))


def fee(instrument: Instrument, quantity: Decimal, price: Decimal, maker: bool) -> Decimal:
    rate = instrument.maker_fee if maker else instrument.taker_fee
    return half_up(quantity * instrument.contract_size * price * rate, USDT_PLACES)


def liquidation_price(position: VenuePosition, instrument: Instrument) -> Decimal:
    """The mark price at which margin and open result only just cover the maintenance margin; below zero: never."""
    rate = bracket_for(instrument, position.cost).maintenance_rate
    if position.side is Side.LONG:
        return (position.cost - position.margin) / (position.coins * (1 - rate))
    return (position.cost + position.margin) / (position.coins * (1 + rate))


def bankruptcy_price(position: VenuePosition) -> Decimal:
    """The price at which the margin is used up; no liquidation fills beyond it."""
    if position.side is Side.LONG:
        return max(Decimal(0), (position.cost - position.margin) / position.coins)
    return (position.cost + position.margin) / position.coins


@attrs.frozen
class Struck:
    """What a candle did to a position first: the trigger that fired (None: liquidation) and at which price."""

    order: VenueOrder | None
    price: Decimal


def struck_by(bar: Bar, position: VenuePosition, triggers: list[VenueOrder], instrument: Instrument) -> Struck | None:
    """Say what a candle sets off: at the open if it opens beyond; then stop before target (BT-04).

    Of a stop and the liquidation price the nearer one comes first, as the price meets it first.
    """
    # With the sign of the side, prices above are good for a long and for a short alike.
    sign = 1 if position.side is Side.LONG else -1
    worst, best = (bar.low, bar.high) if sign == 1 else (-bar.high, -bar.low)
    liquidation = liquidation_price(position, instrument) * sign
    stop = _nearest(triggers, Leg.STOP, sign)
    target = _nearest(triggers, Leg.TARGET, sign)
    if bar.open * sign <= liquidation:
        return Struck(None, bar.open)
    if stop is not None and bar.open * sign <= _level(stop) * sign:
        return Struck(stop, bar.open)
    if target is not None and bar.open * sign >= _level(target) * sign:
        return Struck(target, bar.open)
    if stop is not None and _level(stop) * sign >= liquidation and worst <= _level(stop) * sign:
        return Struck(stop, _level(stop))
    if worst <= liquidation:
        return Struck(None, liquidation * sign)
    if target is not None and best >= _level(target) * sign:
        return Struck(target, _level(target))
    return None


def reached(trigger: VenueOrder, bar: Bar) -> bool:
    """Whether a candle goes to where a stop or target waits."""
    below = (trigger.ticket.leg is Leg.STOP) == (trigger.ticket.side is Side.LONG)
    return bar.low <= _level(trigger) if below else bar.high >= _level(trigger)


def levels_around(
    side: Side, position: VenuePosition | None, triggers: list[VenueOrder], instrument: Instrument
) -> tuple[Decimal, Decimal]:
    """The nearest prices below and above at which something happens to a side; infinity when nothing waits above."""
    long = side is Side.LONG
    waiting = {leg: [_level(order) for order in triggers if order.ticket.leg is leg] for leg in PROTECTION}
    if position is not None:
        waiting[Leg.STOP].append(liquidation_price(position, instrument))
    lower, upper = (waiting[Leg.STOP], waiting[Leg.TARGET]) if long else (waiting[Leg.TARGET], waiting[Leg.STOP])
    return max(lower, default=Decimal(0)), min(upper, default=Decimal("Infinity"))


def _nearest(triggers: list[VenueOrder], leg: Leg, sign: int) -> VenueOrder | None:
    # The nearest stop is the highest for a long; the nearest target the lowest.
    toward = sign if leg is Leg.STOP else -sign
    return max(
        (order for order in triggers if order.ticket.leg is leg),
        key=lambda order: _level(order) * toward,
        default=None,
    )


def _level(order: VenueOrder) -> Decimal:
    trigger = order.ticket.trigger
    if trigger is None:
        raise VenueRefused(Fault.FILTER, f"expected a trigger, was none: {order.ticket.client_id}")
    return trigger
