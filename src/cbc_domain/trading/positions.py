"""What fills and confirmations make of a position, and what it earned."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.rounding import EXACT, half_up
from cbc_domain.kernel.venues import Side, coin_of
from cbc_domain.risk.model import CoinBlock
from cbc_domain.trading.model import CloseReason, Fill, Leg, Order, OrderState, Position, PositionState
from cbc_domain.trading.orders import mean_price

TRANSITIONS: Final = {
    PositionState.OPENING: set(PositionState) - {PositionState.OPENING},
    PositionState.PROTECTED: {PositionState.CLOSING, PositionState.CLOSED, PositionState.LIQUIDATED},
    PositionState.CLOSING: {PositionState.CLOSED, PositionState.LIQUIDATED, PositionState.PROTECTED},
}
"""POS-01; what is missing here is final."""

_RESULT_PLACES: Final = 8
_RESTORED_PLACES: Final = 24


def apply_fill(position: Position, order: Order, fill: Fill, to_come: Decimal | None = None) -> Position:
    """Fold one execution in; `order` is the order as it was before this fill, and a fill it knows changes nothing.

    Of a closing fill only what was still ours counts, its fee and funding by share (COM-06): what was bought, and what an
    entry that is not over may have bought meanwhile (`to_come`, None when it is over). The position stays unfinished until
    `close`; an ABANDONED one, whose entry filled after all, stays so.
    Raises Conflict `state_conflict` for another position's order or a closed position.
    """
    if fill.id in order.fill_ids:
        return position
    if order.position != position.id or (position.state.final and position.state is not PositionState.ABANDONED):
        raise Conflict(
            "state_conflict", f"expected an unfinished position {order.position}, was {position.id} {position.state}"
        )
    return _closed_part(position, fill, to_come) if order.reduces else _opened_part(position, fill)


def confirm_protection(position: Position, stop: Order, target: Order, at: datetime) -> Position:
    """Take over stop and target once the venue holds both for all that is open; unchanged until then (POS-01, ORD-09)."""
    if position.state not in {PositionState.OPENING, PositionState.PROTECTED} or position.quantity <= 0:
        return position
    if not (_holds(stop, position) and _holds(target, position)):
        return position
    prices = attrs.evolve(position, stop_loss=stop.trigger, take_profit=target.trigger)
    if position.closing_reason is not None:
        return prices
    return attrs.evolve(prices, state=PositionState.PROTECTED, protected_at=position.protected_at or at)


def begin_close(position: Position, reason: CloseReason) -> Position:
    """Ask for an end; the first reason stays. Before the first fill it is only noted, so that ABANDONED remains possible.

    Raises Conflict `state_conflict` for a finished position.
    """
    if position.state.final:
        raise Conflict("state_conflict", f"expected an unfinished position, was {position.state}")
    wished = attrs.evolve(position, closing_reason=position.closing_reason or reason)
    return attrs.evolve(wished, state=PositionState.CLOSING) if position.bought else wished


def close(position: Position, orders: Iterable[Order], at: datetime) -> Position:
    """Finish a position of which nothing is or can become open; unchanged otherwise (POS-06).

    Closed as SL by its stop, TP by its target, else for the reason that was asked for; ABANDONED when nothing filled.
    `at` counts when the closing fills name no time.
    """
    legs = tuple(orders)
    entries = [order for order in legs if order.leg is Leg.ENTRY]
    if position.state.final or position.quantity > 0 or not all(order.state.final for order in entries):
        return position
    if position.opened_at is None:
        return _finished(position, PositionState.ABANDONED, None, at)
    closing = max((order for order in legs if order.reduces and order.filled), key=_filled_at, default=None)
    reason = _reason(position, closing)
    return _finished(position, PositionState.CLOSED, reason, closing.filled_at or at if closing else at)


def close_outside(
    position: Position,
    reason: CloseReason,
    exit_price: Decimal | None,
    at: datetime,
    fee: Decimal = Decimal(0),
    funding: Decimal = Decimal(0),
) -> Position:
    """Finish a position that the venue has no more of and whose fills we do not have (POS-10).

    What was open is booked at `exit_price` with our part of `fee` and `funding`, the venue's own record of it; without one
    it is left out of the result.
    """
    if position.state.final:
        return position
    if position.opened_at is None:
        return _finished(position, PositionState.ABANDONED, None, at)
    gone = adopt(position, Decimal(0)) if exit_price is None else _booked(position, position.quantity, exit_price, fee, funding)
    liquidated = reason is CloseReason.LIQUIDATION
    return _finished(gone, PositionState.LIQUIDATED if liquidated else PositionState.CLOSED, reason, at)


def adopt(position: Position, quantity: Decimal) -> Position:
    """Take over a lower quantity that the venue has; a larger one is the member's own and changes nothing (POS-10)."""
    return attrs.evolve(position, bought=position.sold + quantity) if quantity < position.quantity else position


def gross(position: Position) -> Decimal:
    """The realised result of what was closed, before fees and funding, in USDT, unrounded (POS-12)."""
    if position.entry_price is None or position.exit_price is None:
        return Decimal(0)
    paid = _value(position.entry_price, position)
    received = _value(position.exit_price, position)
    return EXACT.subtract(received, paid) if position.side is Side.LONG else EXACT.subtract(paid, received)


def net(position: Position) -> Decimal:
    """The realised result after fees and funding, in USDT, rounded once to 8 places (POS-12, COM-05)."""
    return half_up(EXACT.subtract(gross(position), EXACT.add(position.fees, position.funding)), _RESULT_PLACES)


def coin_block(position: Position, minutes: int) -> CoinBlock | None:
    """Block the coin of a finished position from its close on; None when it never held anything (POS-20)."""
    if position.closed_at is None or position.opened_at is None:
        return None
    until = position.closed_at + timedelta(minutes=minutes)
    cause = str(position.close_reason or position.state)
    return CoinBlock(position.member, position.environment, coin_of(position.symbol), position.closed_at, until, cause)


def _opened_part(position: Position, fill: Fill) -> Position:
    return attrs.evolve(
        position,
        bought=position.bought + fill.quantity,
        entry_price=mean_price(position.bought, position.entry_price, fill.quantity, fill.price),
        fees=position.fees + fill.fee,
        opened_at=min(position.opened_at or fill.at, fill.at),
        state=PositionState.CLOSING if position.closing_reason and not position.state.final else position.state,
    )


def _closed_part(position: Position, fill: Fill, to_come: Decimal | None) -> Position:
    # A closing fill may be told before the entry's: until the entry is known to be complete its planned size is the bound.
    unsure = position.state in {PositionState.OPENING, PositionState.ABANDONED}
    planned = position.size.quantity if unsure else Decimal(0)
    bound = max(planned, position.bought + (to_come or 0))
    ours = min(fill.quantity, max(bound - position.sold, Decimal(0)))
    if not ours:
        return position
    return _booked(position, ours, fill.price, _share(fill.fee, ours, fill), _share(fill.funding, ours, fill))


def _share(amount: Decimal, ours: Decimal, fill: Fill) -> Decimal:
    return amount if ours == fill.quantity else EXACT.divide(EXACT.multiply(amount, ours), fill.quantity)


def _booked(position: Position, quantity: Decimal, price: Decimal, fee: Decimal, funding: Decimal) -> Position:
    if quantity <= 0:
        return position
    return attrs.evolve(
        position,
        sold=position.sold + quantity,
        exit_price=mean_price(position.sold, position.exit_price, quantity, price),
        fees=position.fees + fee,
        funding=position.funding + funding,
    )


def _holds(order: Order, position: Position) -> bool:
    confirmed = order.state in {OrderState.ACKED, OrderState.PARTIALLY_FILLED}
    return order.position == position.id and confirmed and order.quantity - order.filled >= position.quantity


def _filled_at(order: Order) -> tuple[datetime, str]:
    return (order.filled_at or order.created_at, order.client_id)


def _reason(position: Position, closing: Order | None) -> CloseReason:
    match closing.leg if closing else None:
        case Leg.STOP:
            return CloseReason.SL
        case Leg.TARGET:
            return CloseReason.TP
        case _:
            return position.closing_reason or CloseReason.EXTERNAL


def _finished(position: Position, state: PositionState, reason: CloseReason | None, at: datetime) -> Position:
    if state not in TRANSITIONS.get(position.state, ()):
        raise Conflict("state_conflict", f"expected a position that may become {state}, was {position.state}")
    return attrs.evolve(position, state=state, close_reason=reason, closed_at=at)


def _value(price: Decimal, position: Position) -> Decimal:
    # An average carries sixty digits at most; rounding far below any venue's precision gives the sum of the fills back.
    value = EXACT.multiply(EXACT.multiply(price, position.sold), position.contract_size)
    return half_up(value, _RESTORED_PLACES)
