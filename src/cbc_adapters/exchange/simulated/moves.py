"""What a move of the market does to an account: stops, targets, liquidations and funding."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.fills import liquidate, reduce
from cbc_adapters.exchange.simulated.model import ZERO, Bar, Friction, FundingBill, VenueAccount, VenueOrder, VenuePosition
from cbc_adapters.exchange.simulated.orders import NO_POSITION, sweep
from cbc_adapters.exchange.simulated.rules import USDT_PLACES, levels_around, reached, slipped, struck_by
from cbc_domain.kernel.rounding import half_up
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import ClosedResult, Ending, ReportState, Ticket
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Instrument, Quote

LIQUIDATION = "LIQUIDATION"
"""The code of the venue's own closing order, as it stands in its report."""


def move(account: VenueAccount, instrument: Instrument, friction: Friction, bar: Bar, at: datetime) -> list[VenueOrder]:
    """Fire at most one trigger, or the liquidation, of each side; the orders left without a position are cancelled."""
    changed: list[VenueOrder] = []
    for side in Side:
        position = account.positions.get((instrument.symbol, side))
        triggers = [o for o in account.open_orders(instrument.symbol, side) if o.ticket.trigger is not None]
        if position is None:
            changed += _lapsed([order for order in triggers if reached(order, bar)], at)
            continue
        struck = struck_by(bar, position, triggers, instrument)
        if struck is None:
            continue
        if struck.order is None:
            changed.append(_take_over(account, instrument, position, struck.price, at))
        else:
            _fire(account, instrument, friction, struck.order, position, struck.price, at)
            changed.append(struck.order)
    return changed + sweep(account, instrument.symbol, at) if changed else []


@attrs.frozen
class Quiet:
    """Prices strictly between these two set nothing off, for as long as no order and no position changes."""

    below: Decimal
    above: Decimal

    def covers(self, bar: Bar) -> bool:
        return self.below < bar.low and bar.high < self.above


def quiet_range(holders: Iterable[VenueAccount], instrument: Instrument) -> Quiet:
    """Where the price may go without anybody noticing: most bars end here, however many positions are open."""
    below, above = Decimal(0), Decimal("Infinity")
    for account in holders:
        for side in Side:
            position = account.positions.get((instrument.symbol, side))
            triggers = [o for o in account.open_orders(instrument.symbol, side) if o.ticket.trigger is not None]
            if position is None and not triggers:
                continue
            lower, upper = levels_around(side, position, triggers, instrument)
            below, above = max(below, lower), min(above, upper)
    return Quiet(below, above)


def last_ending(account: VenueAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
    """The venue's record of the last order that closed something of a side of a symbol."""
    closed = (
        order
        for order in account.orders.values()
        if (order.ticket.symbol, order.ticket.side) == (symbol, side)
        and order.ticket.leg is not Leg.ENTRY
        and order.fills
        and order.at >= since
    )
    order = max(closed, key=lambda order: order.at, default=None)
    if order is None:
        return None
    quantity = sum((fill.quantity for fill in order.fills), start=Decimal(0))
    value = sum((fill.quantity * fill.price for fill in order.fills), start=Decimal(0))
    paid = sum((fill.fee for fill in order.fills), start=Decimal(0))
    funding = sum((fill.funding for fill in order.fills), start=Decimal(0))
    return Ending(quantity, value / quantity, paid, order.at, liquidated=order.code == LIQUIDATION, funding=funding)


def result_between(account: VenueAccount, symbol: Symbol, side: Side, since: datetime, until: datetime) -> ClosedResult | None:
    """The venue's record of all that was closed of a side of a symbol between two instants."""
    closed = [one for one in account.closings if (one.symbol, one.side) == (symbol, side) and since <= one.at <= until]
    if not closed:
        return None
    return ClosedResult(sum((one.quantity for one in closed), ZERO), sum((one.net for one in closed), ZERO))


def pay_funding(account: VenueAccount, mark: Quote, rate: Decimal, at: datetime) -> None:
    """Book funding; what cash cannot pay is taken from the margin of the position."""
    for side, sign in ((Side.LONG, 1), (Side.SHORT, -1)):
        position = account.positions.get((mark.symbol, side))
        if position is None:
            continue
        paid = sign * half_up(position.coins * mark.price * rate, USDT_PLACES)
        account.funding += paid
        account.bills.append(FundingBill(mark.symbol, paid, at))
        position.paid += paid
        position.funding += paid
        missing = account.margin_in_use - account.cash
        position.margin -= max(Decimal(0), min(missing, position.margin))


def _lapsed(triggers: Iterable[VenueOrder], at: datetime) -> list[VenueOrder]:
    """What was reached with nothing to close is over."""
    ended = list(triggers)
    for order in ended:
        order.state, order.at, order.code = ReportState.CANCELLED, at, NO_POSITION
    return ended


def _fire(
    account: VenueAccount,
    instrument: Instrument,
    friction: Friction,
    order: VenueOrder,
    position: VenuePosition,
    price: Decimal,
    at: datetime,
) -> None:
    is_target = order.ticket.leg is Leg.TARGET
    slippage = Decimal(0) if is_target else friction.slippage
    # A trigger closes the whole position, whatever quantity it was sent with (ORD-09).
    order.quantity = position.quantity
    price = slipped(price, slippage, instrument.tick, buys=position.side is Side.SHORT)
    maker = is_target and friction.maker_targets
    reduce(account, instrument, order, position, position.quantity, price, at, maker)


def _take_over(
    account: VenueAccount, instrument: Instrument, position: VenuePosition, price: Decimal, at: datetime
) -> VenueOrder:
    number = account.next_id()
    ticket = Ticket(f"liquidation-{number}", position.symbol, position.side, Leg.EXIT, position.quantity)
    order = VenueOrder(ticket, number, position.quantity, ReportState.LIVE, at, LIQUIDATION)
    account.keep(order)
    liquidate(account, instrument, order, position, price, at)
    return order
