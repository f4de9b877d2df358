"""How one execution changes an account: position, margin, fee and realised result."""

from datetime import datetime
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.model import ZERO, Closing, VenueAccount, VenueOrder, VenuePosition
from cbc_adapters.exchange.simulated.rules import USDT_PLACES, bankruptcy_price, bracket_for, fee
from cbc_domain.kernel.rounding import down_to, half_up, up_to
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import ReportState
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.trading.model import Fill
from cbc_domain.trading.sizes import Instrument


def check_margin(
    account: VenueAccount, instrument: Instrument, side: Side, coins: Decimal, price: Decimal, leverage: int
) -> None:
    """Raises VenueRefused FILTER above the leverage bracket, INSUFFICIENT_MARGIN when margin and fee are not there."""
    held = account.positions.get((instrument.symbol, side))
    bracket = bracket_for(instrument, coins * price + (held.cost if held else 0))
    if leverage > bracket.max_leverage:
        raise VenueRefused(Fault.FILTER, f"expected leverage of at most {bracket.max_leverage}, was {leverage}")
    needed = _margin(coins * price, leverage) + half_up(coins * price * instrument.taker_fee, USDT_PLACES)
    if needed > account.available:
        raise VenueRefused(Fault.INSUFFICIENT_MARGIN, f"expected {needed} available, was {account.available}")


def enlarge(
    account: VenueAccount, instrument: Instrument, order: VenueOrder, quantity: Decimal, price: Decimal, at: datetime
) -> None:
    """Open or add to the position of the order's side."""
    key = (instrument.symbol, order.ticket.side)
    position = account.positions.setdefault(key, VenuePosition(*key, contract_size=instrument.contract_size))
    notional = quantity * instrument.contract_size * price
    position.quantity += quantity
    position.cost += notional
    position.margin += _margin(notional, account.leverage.get(instrument.symbol, 1))
    paid = fee(instrument, quantity, price, maker=False)
    position.paid += paid
    _record(account, order, quantity, price, paid, at, maker=False)


def reduce(
    account: VenueAccount,
    instrument: Instrument,
    order: VenueOrder,
    position: VenuePosition,
    quantity: Decimal,
    price: Decimal,
    at: datetime,
    maker: bool = False,
) -> None:
    """Close `quantity` of a position, at most what it has; the share of cost and margin leaves with it."""
    paid = fee(instrument, quantity, price, maker)
    released = _release(account, position, quantity, price)
    fill = _record(account, order, quantity, price, paid, at, maker, released.funding)
    account.closings.append(released.closing(fill))


def liquidate(
    account: VenueAccount,
    instrument: Instrument,
    order: VenueOrder,
    position: VenuePosition,
    price: Decimal,
    at: datetime,
) -> None:
    """Take a whole position over; what is lost, fee included, is never more than its margin."""
    limit = bankruptcy_price(position)
    # Rounded toward the member, or the tick could cost more than the margin.
    if position.side is Side.LONG:
        price = up_to(max(price, limit), instrument.tick)
    else:
        price = down_to(min(price, limit), instrument.tick)
    quantity, margin_left = position.quantity, max(Decimal(0), position.margin + position.unrealised(price))
    paid = min(margin_left, fee(instrument, quantity, price, False))
    released = _release(account, position, quantity, price)
    fill = _record(account, order, quantity, price, paid, at, False, released.funding)
    account.closings.append(released.closing(fill))


@attrs.frozen
class _Released:
    """What left a position: the result of the price, and what its opening fees and funding had cost."""

    symbol: Symbol
    side: Side
    realised: Decimal
    paid: Decimal
    funding: Decimal

    def closing(self, fill: Fill) -> Closing:
        net = self.realised - self.paid - fill.fee
        return Closing(self.symbol, self.side, fill.quantity, net, fill.at, self.realised, fill.id)


def _release(account: VenueAccount, position: VenuePosition, quantity: Decimal, price: Decimal) -> _Released:
    whole = quantity == position.quantity
    cost = position.cost if whole else half_up(position.cost * quantity / position.quantity, USDT_PLACES)
    margin = position.margin if whole else half_up(position.margin * quantity / position.quantity, USDT_PLACES)
    value = quantity * position.contract_size * price
    paid = position.paid if whole else half_up(position.paid * quantity / position.quantity, USDT_PLACES)
    funding = position.funding if whole else half_up(position.funding * quantity / position.quantity, USDT_PLACES)
    result = value - cost if position.side is Side.LONG else cost - value
    account.realised += result
    position.paid -= paid
    position.funding -= funding
    position.quantity -= quantity
    position.cost -= cost
    position.margin -= margin
    if whole:
        del account.positions[position.symbol, position.side]
    return _Released(position.symbol, position.side, result, paid, funding)


def _record(
    account: VenueAccount,
    order: VenueOrder,
    quantity: Decimal,
    price: Decimal,
    paid: Decimal,
    at: datetime,
    maker: bool,
    funding: Decimal = ZERO,
) -> Fill:
    account.fees += paid
    fill = Fill(account.next_id(), order.ticket.client_id, quantity, price, paid, at, maker, funding)
    order.fills.append(fill)
    order.at = at
    order.state = ReportState.FILLED if order.rest == 0 else ReportState.PARTIALLY_FILLED
    return fill


def _margin(notional: Decimal, leverage: int) -> Decimal:
    return half_up(notional / leverage, USDT_PLACES)
