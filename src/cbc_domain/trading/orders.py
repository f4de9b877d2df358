"""The identity of an order, and what each piece of news does to it."""

import hashlib
import re
from datetime import datetime
from decimal import Decimal
from typing import Final, assert_never

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.trading.model import Fill, Leg, Order, OrderState

TRANSITIONS: Final = {
    OrderState.CREATED: {OrderState.SUBMITTED, OrderState.REJECTED, OrderState.EXPIRED},
    OrderState.SUBMITTED: set(OrderState) - {OrderState.CREATED, OrderState.SUBMITTED},
    OrderState.ACKED: set(OrderState) - {OrderState.CREATED, OrderState.SUBMITTED, OrderState.ACKED},
    OrderState.PARTIALLY_FILLED: {
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.EXPIRED,
        OrderState.UNKNOWN,
    },
    OrderState.UNKNOWN: set(OrderState) - {OrderState.CREATED, OrderState.SUBMITTED, OrderState.UNKNOWN},
}
"""ORD-01; what is missing here is final."""

_OURS: Final = re.compile(r"cbc[estx][0-9a-f]{28}")


@attrs.frozen
class Sent:
    """We handed the order to the venue; sending it again with the same id is the same fact (ORD-04)."""

    at: datetime


@attrs.frozen
class Acknowledged:
    """The venue has the order."""

    at: datetime
    venue_order_id: str


@attrs.frozen
class Filled:
    fill: Fill


@attrs.frozen
class Cancelled:
    at: datetime


@attrs.frozen
class Rejected:
    """The venue refused it, or we did before sending; `code` is the raw error code (ORD-14)."""

    at: datetime
    code: str


@attrs.frozen
class Expired:
    """It is not to be sent any more, or the venue let it lapse; `code` is why, where somebody said so (ORD-14)."""

    at: datetime
    code: str | None = None


@attrs.frozen
class Lost:
    """No usable answer came: only the venue knows (ORD-04)."""

    at: datetime


@attrs.frozen
class PutOff:
    """The venue refused to look at it now; the same order may be sent again (ORD-07)."""

    at: datetime
    code: str


Fact = Sent | Acknowledged | Filled | Cancelled | Rejected | Expired | Lost | PutOff


def client_order_id(signal: SignalId, member: MemberId, environment: Environment, venue: Venue, leg: Leg, seq: int) -> str:
    """Derive the one id that an order has however often it is sent: 32 letters and digits (ORD-03).

    `signal` is the one that opened the position, for every leg; `seq` counts intended replacements, not retries.
    """
    text = f"{signal}|{member}|{environment}|{venue}|{leg}|{seq}"
    return f"cbc{leg}{hashlib.sha256(text.encode()).hexdigest()[:28]}"


def leg_of(client_id: str) -> Leg | None:
    """The leg that an id of ORD-03 names; None for every other id, which is none of ours."""
    return Leg(client_id[3]) if _OURS.fullmatch(client_id) else None


def apply(order: Order, fact: Fact) -> Order:
    """Fold one fact into an order; a fact that is known already, or says less than is known, changes nothing.

    A late fill of a cancelled or expired order is counted, its state stays. Raises Conflict `state_conflict` (ORD-01).
    """
    match fact:
        case Sent(at=at):
            return (
                order
                if order.sent_at
                else attrs.evolve(_to(order, OrderState.SUBMITTED), sent_at=at, attempts=order.attempts + 1)
            )
        case Acknowledged():
            return _acknowledged(order, fact)
        case Filled(fill=fill):
            return order if fill.id in order.fill_ids else _filled(order, fill)
        case Cancelled(at=at):
            return _ended(_to(order, OrderState.CANCELLED), at)
        case Rejected(at=at, code=code):
            return _ended(_rejected(order, code), at)
        case Expired(at=at, code=code):
            return attrs.evolve(_ended(_to(order, OrderState.EXPIRED), at), error_code=order.error_code or code)
        case Lost(at=at):
            return _lost(order, at)
        case PutOff():
            return order
        case _:
            assert_never(fact)


def mean_price(held: Decimal, price: Decimal | None, added: Decimal, at_price: Decimal) -> Decimal:
    """Average what was held at `price` with what is added, by quantity; unrounded."""
    if price is None or not held:
        return at_price
    value = EXACT.add(EXACT.multiply(held, price), EXACT.multiply(added, at_price))
    return EXACT.divide(value, EXACT.add(held, added))


def _to(order: Order, state: OrderState) -> Order:
    if order.state is state:
        return order
    if state not in TRANSITIONS.get(order.state, ()):
        raise Conflict("state_conflict", f"expected an order that may become {state}, was {order.state}")
    return attrs.evolve(order, state=state)


def _ended(order: Order, at: datetime) -> Order:
    return attrs.evolve(order, ended_at=order.ended_at or at)


def _acknowledged(order: Order, fact: Acknowledged) -> Order:
    heard = order.lost_at if order.state is OrderState.UNKNOWN and order.lost_at else order.acked_at
    if order.acked_at is not None and (order.state is OrderState.REJECTED or (heard is not None and fact.at <= heard)):
        return order
    if order.state in {OrderState.CREATED, OrderState.REJECTED}:
        raise Conflict("state_conflict", f"expected an order that was sent and not refused, was {order.state}")
    known = attrs.evolve(order, acked_at=order.acked_at or fact.at, venue_order_id=fact.venue_order_id)
    if order.state in {OrderState.SUBMITTED, OrderState.UNKNOWN}:
        return _to(known, OrderState.PARTIALLY_FILLED if order.filled else OrderState.ACKED)
    return known


def _rejected(order: Order, code: str) -> Order:
    if order.filled:
        raise Conflict("state_conflict", f"expected an order without fills, was {order.filled} of {order.quantity} filled")
    return attrs.evolve(_to(order, OrderState.REJECTED), error_code=order.error_code or code)


def _filled(order: Order, fill: Fill) -> Order:
    counted = attrs.evolve(
        order,
        filled=order.filled + fill.quantity,
        average_price=mean_price(order.filled, order.average_price, fill.quantity, fill.price),
        fee=order.fee + fill.fee,
        filled_at=max(order.filled_at or fill.at, fill.at),
        fill_ids=order.fill_ids | {fill.id},
    )
    if order.state in {OrderState.CANCELLED, OrderState.EXPIRED, OrderState.FILLED}:
        return counted
    return _to(counted, OrderState.FILLED if counted.filled >= order.quantity else OrderState.PARTIALLY_FILLED)


def _lost(order: Order, at: datetime) -> Order:
    if order.state.final or (order.lost_at is not None and at <= order.lost_at):
        return order
    return attrs.evolve(_to(order, OrderState.UNKNOWN), lost_at=at)
