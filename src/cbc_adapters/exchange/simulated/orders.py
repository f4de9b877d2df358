"""What an account may ask of the simulated venue: place, fill the rest, cancel."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.commands import Place
from cbc_adapters.exchange.simulated.fills import check_margin, enlarge, reduce
from cbc_adapters.exchange.simulated.model import Friction, VenueAccount, VenueOrder, number_of
from cbc_adapters.exchange.simulated.rules import check_filters, slipped
from cbc_domain.kernel.rounding import down_to
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import ReportState, Ticket
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Instrument, Quote

NO_POSITION: Final = "NO_POSITION"
"""The code of a reduce-only order that ended because there was nothing to close."""


def place(account: VenueAccount, instrument: Instrument, mark: Quote, friction: Friction, command: Place) -> list[VenueOrder]:
    """Take an order with its protection, all of it or nothing; give the orders that changed.

    Raises VenueRefused, and then the account is as it was.
    """
    ticket = command.ticket
    _check_ids(account, (ticket, *command.attached))
    for each in (ticket, *command.attached):
        check_filters(instrument, each, mark.price)
    match ticket.leg:
        case Leg.ENTRY:
            return _enter(account, instrument, mark, friction, command)
        case Leg.EXIT:
            return _exit(account, instrument, mark, friction, command)
        case Leg.STOP | Leg.TARGET:
            if not account.takes_stop_first:
                _held(account, ticket.symbol, ticket.side)
            return [_order(account, ticket, ticket.quantity, command.at)]


def fill_rest(
    account: VenueAccount, instrument: Instrument, mark: Quote, friction: Friction, client_id: str, at: datetime
) -> list[VenueOrder]:
    """Fill what is left of a market order at the mark price of now; nothing when nothing is left."""
    order = account.orders[client_id]
    ticket = order.ticket
    if not order.open or ticket.leg not in {Leg.ENTRY, Leg.EXIT}:
        return []
    price = _market_price(instrument, ticket, mark, friction)
    if ticket.leg is Leg.ENTRY:
        coins = order.rest * instrument.contract_size
        check_margin(account, instrument, ticket.side, coins, price, account.leverage.get(ticket.symbol, 1))
    _execute(account, instrument, order, order.rest, price, at)
    return [order, *sweep(account, ticket.symbol, at)]


def cancel(account: VenueAccount, client_id: str, at: datetime) -> list[VenueOrder]:
    """Take an open order back; what it has filled stays filled."""
    order = account.orders[client_id]
    order.state, order.at = ReportState.CANCELLED, at
    return [order, *sweep(account, order.ticket.symbol, at)]


def sweep(account: VenueAccount, symbol: Symbol, at: datetime) -> list[VenueOrder]:
    """Cancel the reduce-only orders of a side that has no position and no entry under way; a stop that goes first waits."""
    swept = []
    for side in Side:
        waiting = account.open_orders(symbol, side)
        if (symbol, side) in account.positions or any(order.ticket.leg is Leg.ENTRY for order in waiting):
            continue
        for order in waiting:
            if account.takes_stop_first and not _outlived(account, order):
                continue
            order.state, order.at, order.code = ReportState.CANCELLED, at, NO_POSITION
            swept.append(order)
    return swept


def _outlived(account: VenueAccount, order: VenueOrder) -> bool:
    """Whether something of its side was closed since an order was taken."""
    side, taken = (order.ticket.symbol, order.ticket.side), number_of(order.venue_order_id)
    return any((one.symbol, one.side) == side and number_of(one.fill) > taken for one in account.closings)


def _check_ids(account: VenueAccount, tickets: Sequence[Ticket]) -> None:
    ids = [ticket.client_id for ticket in tickets]
    seen = [client_id for client_id in ids if client_id in account.orders or ids.count(client_id) > 1]
    if seen:
        raise VenueRefused(Fault.DUPLICATE_ID, f"expected an unused client id, was {seen[0]!r}")


def _enter(account: VenueAccount, instrument: Instrument, mark: Quote, friction: Friction, command: Place) -> list[VenueOrder]:
    ticket, at = command.ticket, command.at
    price = _market_price(instrument, ticket, mark, friction)
    leverage = ticket.leverage or account.leverage.get(ticket.symbol, 1)
    opening = ticket.quantity - _netted(account, ticket, ticket.quantity)
    check_margin(account, instrument, ticket.side, opening * instrument.contract_size, price, leverage)
    account.leverage[ticket.symbol] = leverage
    order = _order(account, ticket, ticket.quantity, at)
    protection = [_order(account, each, each.quantity, at) for each in command.attached]
    _execute(account, instrument, order, _part(instrument, ticket.quantity, command.fraction), price, at)
    changed = [order, *protection]
    return changed + [each for each in sweep(account, ticket.symbol, at) if each not in changed]


def _exit(account: VenueAccount, instrument: Instrument, mark: Quote, friction: Friction, command: Place) -> list[VenueOrder]:
    ticket, at = command.ticket, command.at
    quantity = min(ticket.quantity, _held(account, ticket.symbol, ticket.side))
    order = _order(account, ticket, quantity, at)
    price = _market_price(instrument, ticket, mark, friction)
    _execute(account, instrument, order, _part(instrument, quantity, command.fraction), price, at)
    return [order, *sweep(account, ticket.symbol, at)]


def _execute(
    account: VenueAccount, instrument: Instrument, order: VenueOrder, quantity: Decimal, price: Decimal, at: datetime
) -> None:
    ticket = order.ticket
    if ticket.leg is Leg.EXIT:
        held = account.positions[ticket.symbol, ticket.side]
        reduce(account, instrument, order, held, min(quantity, held.quantity), price, at)
        return
    netted = _netted(account, ticket, quantity)
    if netted:
        reduce(account, instrument, order, account.positions[ticket.symbol, ticket.side.opposite], netted, price, at)
    if quantity > netted:
        enlarge(account, instrument, order, quantity - netted, price, at)


def _netted(account: VenueAccount, ticket: Ticket, quantity: Decimal) -> Decimal:
    """How much of an entry only closes the other side: in one-way mode a symbol has one net position (EXC-06)."""
    opposite = None if account.hedge else account.positions.get((ticket.symbol, ticket.side.opposite))
    return min(quantity, opposite.quantity) if opposite else Decimal(0)


def _held(account: VenueAccount, symbol: Symbol, side: Side) -> Decimal:
    position = account.positions.get((symbol, side))
    if position is None:
        raise VenueRefused(Fault.REDUCE_ONLY, f"expected a {side} position in {symbol}, was none")
    return position.quantity


def _part(instrument: Instrument, quantity: Decimal, fraction: Decimal | None) -> Decimal:
    return quantity if fraction is None else max(instrument.step, down_to(quantity * fraction, instrument.step))


def _market_price(instrument: Instrument, ticket: Ticket, mark: Quote, friction: Friction) -> Decimal:
    return slipped(mark.price, friction.slippage, instrument.tick, ticket.buys)


def _order(account: VenueAccount, ticket: Ticket, quantity: Decimal, at: datetime) -> VenueOrder:
    order = VenueOrder(ticket, account.next_id(), quantity, ReportState.LIVE, at)
    account.keep(order)
    return order
