"""What a trade needs where it is: what is the venue's to make, and what may stand before there is anything to protect."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cbc_domain.application.trading.needed_protection import Protection, VenueWays, needs
from cbc_domain.kernel.ids import OrderId
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import PROTECTION, Leg, Order, OrderState, PositionState
from cbc_domain.trading.orders import Acknowledged, Cancelled, Expired, Filled, Lost, Rejected, Sent, apply
from cbc_domain.trading.positions import apply_fill
from tests.strategies.trading import BTC_RULES, LIMITS, NOW, fill_of, order_of, position_of

BEFORE, ALONG, AFTER = VenueWays(takes_stop_first=True), VenueWays(frozenset({Leg.STOP})), VenueWays()
POSITION = position_of()
ENTRY = apply(order_of(POSITION), Sent(NOW))
TAKEN = apply(ENTRY, Acknowledged(NOW, "v-e"))
PLANNED = tuple(order_of(POSITION, leg, price=price) for leg, price in ((Leg.STOP, Decimal(98)), (Leg.TARGET, Decimal(103))))
STOP = apply(apply(PLANNED[0], Sent(NOW)), Acknowledged(NOW, "v-s"))
REFUSED = apply(apply(PLANNED[0], Sent(NOW)), Rejected(NOW, Fault.FILTER))


def new_ids() -> Iterator[OrderId]:
    return (OrderId(UUID(int=number)) for number in count(500))


def needed(ways: VenueWays, *orders: Order, quantity: str = "0") -> Protection:
    """Of a position of which so much is known to have filled."""
    position = POSITION
    if Decimal(quantity):
        position = apply_fill(position, ENTRY, fill_of("in", quantity, "100"))
    ids = new_ids()
    return needs(Trade(position, orders), BTC_RULES, ways, LIMITS, NOW, lambda: next(ids))


def legs_of(orders: tuple[Order, ...]) -> list[tuple[Leg, int]]:
    return [(order.leg, order.seq) for order in orders]


@pytest.mark.parametrize("entry", [ENTRY, apply(ENTRY, Lost(NOW)), TAKEN])
@pytest.mark.parametrize("ended", [REFUSED, apply(STOP, Cancelled(NOW))])
def test_another_stop_is_made_before_anything_is_bought_where_one_can_stand(entry: Order, ended: Order) -> None:
    """rules: ORD-09, ORD-10, POS-11"""
    first = needed(BEFORE, entry, ended, PLANNED[1]).orders
    elsewhere = needed(AFTER, entry, ended, PLANNED[1]).orders

    assert [(order.trigger, order.quantity) for order in first if order.leg is Leg.STOP] == [(Decimal(98), Decimal(10))]
    assert [order for order in elsewhere if order.leg is Leg.STOP] == []


@pytest.mark.parametrize("ways", [BEFORE, ALONG, AFTER])
def test_the_stop_of_what_an_abandoned_entry_bought_stays_until_that_is_sold(ways: VenueWays) -> None:
    """rules: POS-11, ORD-11

    In seed 81 of the campaign at the venues it was cancelled first, and what had strayed stood bare for 14 s.
    """
    came, left = fill_of("in", "10", "100"), fill_of("out", "10", "99")
    entry = apply(apply(ENTRY, Expired(NOW - timedelta(minutes=1))), Filled(came))
    gone = apply(apply(order_of(POSITION, Leg.EXIT), Sent(NOW)), Filled(left))
    position = attrs.evolve(POSITION, state=PositionState.ABANDONED)

    def cancelled(*orders: Order) -> tuple[Order, ...]:
        return needs(Trade(position, orders), BTC_RULES, ways, LIMITS, NOW, lambda: next(new_ids())).cancel

    assert cancelled(entry, STOP) == ()
    assert cancelled(entry, STOP, gone) == (STOP,)


def test_a_stop_that_was_refused_because_nothing_is_held_is_not_asked_for_again_before_the_fill() -> None:
    """rules: ORD-09"""
    early = apply(apply(PLANNED[0], Sent(NOW)), Rejected(NOW, Fault.REDUCE_ONLY))

    assert needed(BEFORE, ENTRY, early, PLANNED[1]).orders == ()


def test_a_stop_is_asked_for_three_times_before_an_entry() -> None:
    """rules: ORD-10"""
    refused = [attrs.evolve(REFUSED, seq=seq, id=OrderId(UUID(int=seq + 1))) for seq in range(3)]

    assert [len(needed(BEFORE, ENTRY, *refused[:times]).orders) for times in (1, 2, 3)] == [1, 1, 0]


def test_what_travels_is_not_sent_while_its_entry_may_still_bring_it() -> None:
    """rules: ORD-03, ORD-08, ORD-09"""
    part = attrs.evolve(apply(TAKEN, Filled(fill_of("in", "4", "100"))), state=OrderState.PARTIALLY_FILLED)
    whole = apply(TAKEN, Filled(fill_of("in", "10", "100")))

    meanwhile = needed(ALONG, part, *PLANNED, quantity="4")
    afterwards = needed(ALONG, whole, *PLANNED, quantity="10")

    assert legs_of(meanwhile.orders) == [(Leg.TARGET, 0), (Leg.STOP, 1)]
    assert meanwhile.cancel == ()
    assert legs_of(afterwards.orders) == [(Leg.STOP, 0), (Leg.TARGET, 0)]


def test_what_travelled_and_was_replaced_is_cancelled_once_its_entry_is_over_and_not_before() -> None:
    """rules: ORD-08, ORD-11"""
    part = attrs.evolve(apply(TAKEN, Filled(fill_of("in", "4", "100"))), state=OrderState.PARTIALLY_FILLED)
    whole = apply(TAKEN, Filled(fill_of("in", "10", "100")))
    instead = attrs.evolve(STOP, seq=1, id=OrderId(UUID(int=77)))

    meanwhile = needed(ALONG, part, *PLANNED, instead, quantity="4")
    afterwards = needed(ALONG, whole, *PLANNED, instead, quantity="10")

    assert (legs_of(meanwhile.cancel), legs_of(meanwhile.lapse)) == ([], [])
    assert legs_of(afterwards.cancel) == [(Leg.STOP, 0)]


@pytest.mark.parametrize(("seconds", "stays"), [(0, True), (9, True), (10, False)])
def test_the_stop_of_an_entry_that_was_given_up_stays_for_ten_seconds(seconds: int, *, stays: bool) -> None:
    """rules: ORD-04, POS-11"""
    position = attrs.evolve(POSITION, state=PositionState.ABANDONED)
    trade = Trade(position, (apply(ENTRY, Expired(NOW)), STOP, PLANNED[1]))
    ids, later = new_ids(), NOW + timedelta(seconds=seconds)

    found = {ways: needs(trade, BTC_RULES, ways, LIMITS, later, lambda: next(ids)) for ways in (BEFORE, AFTER)}

    assert found[BEFORE].orders == ()
    assert legs_of(found[BEFORE].cancel) == ([] if stays else [(Leg.STOP, 0)])
    assert legs_of(found[AFTER].cancel) == [(Leg.STOP, 0)]


@given(
    ways=st.sampled_from([BEFORE, ALONG, AFTER]),
    entry=st.sampled_from([ENTRY, apply(ENTRY, Lost(NOW)), TAKEN, apply(ENTRY, Expired(NOW))]),
    quantity=st.sampled_from(["0", "4", "10"]),
    states=st.lists(st.sampled_from(list(OrderState)), min_size=2, max_size=4),
)
def test_nothing_is_wanted_and_unwanted_at_once_and_no_leg_is_sent_under_two_ids(
    ways: VenueWays, entry: Order, quantity: str, states: list[OrderState]
) -> None:
    """rules: ORD-03, POS-10"""
    legs = [
        attrs.evolve(PLANNED[number % 2], seq=number // 2, state=state, id=OrderId(UUID(int=number + 1)))
        for number, state in enumerate(states)
    ]

    found = needed(ways, entry, *legs, quantity=quantity)

    unwanted = {order.id for order in (*found.cancel, *found.lapse)}
    assert not unwanted & {order.id for order in found.orders}
    # Another one of a leg is intended only when the one before has left, or has an end.
    assume(all(sum(order.leg is leg and order.state is OrderState.CREATED for order in legs) <= 1 for leg in PROTECTION))
    new = [order.leg for order in found.orders if order.state is OrderState.CREATED]
    assert all(new.count(leg) <= 1 for leg in PROTECTION)
