"""An order's id never changes, its news may come twice, and nothing bought is ever forgotten."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.trading.model import Fill, Leg, Order, OrderState
from cbc_domain.trading.orders import (
    TRANSITIONS,
    Acknowledged,
    Cancelled,
    Expired,
    Fact,
    Filled,
    Lost,
    Rejected,
    Sent,
    apply,
    client_order_id,
)
from tests.rulebook import cases, table
from tests.strategies.trading import NOW, fill_of, histories, order_of, position_of

LATER = NOW + timedelta(seconds=1)
CREATED = order_of(position_of())


def fold(order: Order, facts: list[Fact]) -> Order:
    """Fold what may be folded: news that contradicts what is known is refused and changes nothing."""
    for fact in facts:
        try:
            order = apply(order, fact)
        except Conflict as refused:
            assert refused.code == "state_conflict"
    return order


def in_state(state: OrderState) -> Order:
    ways: dict[OrderState, list[Fact]] = {
        OrderState.CREATED: [],
        OrderState.SUBMITTED: [Sent(NOW)],
        OrderState.ACKED: [Sent(NOW), Acknowledged(NOW, "v-1")],
        OrderState.PARTIALLY_FILLED: [Sent(NOW), Filled(fill_of("a", "4", "100"))],
        OrderState.FILLED: [Sent(NOW), Filled(fill_of("a", "10", "100"))],
        OrderState.CANCELLED: [Sent(NOW), Cancelled(NOW)],
        OrderState.REJECTED: [Sent(NOW), Rejected(NOW, "FILTER")],
        OrderState.EXPIRED: [Expired(NOW)],
        OrderState.UNKNOWN: [Sent(NOW), Lost(NOW)],
    }
    return fold(CREATED, ways[state])


FACTS: list[Fact] = [
    Sent(LATER),
    Acknowledged(LATER, "v-1"),
    Filled(fill_of("b", "1", "101")),
    Filled(fill_of("c", "10", "101")),
    Cancelled(LATER),
    Rejected(LATER, "FILTER"),
    Expired(LATER),
    Lost(LATER),
]


@given(histories(), st.data())
def test_hearing_the_beginning_of_a_story_again_changes_nothing(history: list[Fact], data: st.DataObject) -> None:
    """rules: ORD-01, ARC-06"""
    length = data.draw(st.integers(0, len(history)))
    known = fold(CREATED, history)

    assert fold(known, history[:length]) == known
    assert fold(fold(CREATED, history[:length]), history) == known


@given(histories())
def test_what_was_filled_is_the_sum_of_the_fills_that_were_taken(history: list[Fact]) -> None:
    """rules: ORD-12"""
    order = fold(CREATED, history)

    taken = [fact.fill for fact in history if isinstance(fact, Filled) and fact.fill.id in order.fill_ids]
    assert order.filled == sum((fill.quantity for fill in taken), start=Decimal(0))
    assert order.fee == sum((fill.fee for fill in taken), start=Decimal(0))
    assert (order.average_price is None) == (not taken)


@given(histories())
def test_no_fill_of_a_sent_order_is_lost_unless_the_venue_refused_the_order(history: list[Fact]) -> None:
    """rules: ORD-01, ORD-12"""
    order = fold(CREATED, history)

    told = {fact.fill.id for fact in history if isinstance(fact, Filled)}
    assert order.fill_ids == told or order.state is OrderState.REJECTED


@given(st.permutations([fill_of("a", "3", "100.1"), fill_of("b", "3", "99.7"), fill_of("c", "4", "101.3")]))
def test_the_average_price_does_not_depend_on_the_order_of_arrival(fills: list[Fill]) -> None:
    """rules: ORD-12"""
    order = fold(CREATED, [Sent(NOW), *(Filled(fill) for fill in fills)])

    assert order.state is OrderState.FILLED
    assert order.average_price == Decimal("100.46")


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("fact", FACTS, ids=[f"{type(fact).__name__}{place}" for place, fact in enumerate(FACTS)])
def test_an_order_moves_only_along_its_permitted_ways(state: OrderState, fact: Fact) -> None:
    """rules: ORD-01"""
    order = in_state(state)
    permitted = {*TRANSITIONS.get(state, ()), state}

    assert order.state is state
    assert fold(order, [fact]).state in permitted


def test_the_ways_of_an_order_are_those_of_the_book() -> None:
    """rules: ORD-01"""
    machine = table("state_machines")["order"]

    assert {state: {str(to) for to in ways} for state, ways in TRANSITIONS.items()} == {
        state: set(ways) for state, ways in machine["transitions"].items()
    }
    assert {state for state in OrderState if state.final} == set(machine["terminal"])
    assert CREATED.state == machine["initial"]


@pytest.mark.parametrize(
    ("state", "fact"),
    [
        (OrderState.CREATED, Acknowledged(LATER, "v-1")),
        (OrderState.CREATED, Filled(fill_of("b", "1", "101"))),
        (OrderState.CREATED, Cancelled(LATER)),
        (OrderState.FILLED, Cancelled(LATER)),
        (OrderState.FILLED, Rejected(LATER, "FILTER")),
        (OrderState.CANCELLED, Rejected(LATER, "FILTER")),
        (OrderState.REJECTED, Filled(fill_of("b", "1", "101"))),
        (OrderState.REJECTED, Acknowledged(LATER, "v-1")),
        (OrderState.EXPIRED, Sent(LATER)),
        (OrderState.PARTIALLY_FILLED, Rejected(LATER, "FILTER")),
    ],
)
def test_news_that_contradicts_what_is_known_is_refused(state: OrderState, fact: Fact) -> None:
    """rules: ORD-01"""
    with pytest.raises(Conflict, match="state_conflict"):
        apply(in_state(state), fact)


def test_a_lost_answer_leaves_the_fate_open_until_the_venue_is_asked() -> None:
    """rules: ORD-01, ORD-04"""
    order = fold(CREATED, [Sent(NOW), Lost(LATER)])

    assert order.state is OrderState.UNKNOWN
    assert not order.state.final
    assert apply(order, Sent(LATER)) == order
    assert apply(order, Acknowledged(LATER, "v-9")).state is OrderState.ACKED


def test_an_old_confirmation_does_not_end_a_new_doubt() -> None:
    """rules: ORD-01"""
    doubtful = fold(CREATED, [Sent(NOW), Acknowledged(NOW, "v-1"), Lost(LATER)])

    assert apply(doubtful, Acknowledged(NOW, "v-1")).state is OrderState.UNKNOWN
    assert apply(doubtful, Acknowledged(LATER + timedelta(seconds=1), "v-1")).state is OrderState.ACKED


def test_a_time_out_after_the_end_changes_nothing() -> None:
    """rules: ORD-01"""
    filled = in_state(OrderState.FILLED)

    assert apply(filled, Lost(LATER)) == filled


def test_a_fill_that_is_told_after_the_cancellation_counts() -> None:
    """rules: ORD-12"""
    order = fold(CREATED, [Sent(NOW), Cancelled(LATER), Filled(fill_of("late", "4", "100", fee="0.2"))])

    assert order.state is OrderState.CANCELLED
    assert (order.filled, order.average_price, order.fee) == (Decimal(4), Decimal(100), Decimal("0.2"))


def test_an_order_that_filled_in_part_was_not_refused_even_when_its_fate_is_open() -> None:
    """rules: ORD-01, ORD-12"""
    doubtful = fold(CREATED, [Sent(NOW), Filled(fill_of("f-1", "1", "90.00")), Lost(LATER)])

    with pytest.raises(Conflict, match="state_conflict"):
        apply(doubtful, Rejected(LATER, "FILTER"))


def test_a_known_fill_is_not_counted_twice() -> None:
    """rules: ORD-12"""
    once = fold(CREATED, [Sent(NOW), Filled(fill_of("a", "4", "100"))])

    assert apply(once, Filled(fill_of("a", "4", "100"))) == once


def test_sending_again_under_the_same_id_is_the_same_sending() -> None:
    """rules: ORD-04"""
    order = fold(CREATED, [Sent(NOW), Sent(LATER)])

    assert (order.state, order.sent_at, order.attempts) == (OrderState.SUBMITTED, NOW, 1)


@pytest.mark.parametrize("vector", cases("client_order_id_vectors"))
def test_the_order_id_is_the_one_of_the_book(vector: dict[str, str]) -> None:
    """rules: ORD-03"""
    signal, member, environment, venue, leg, seq = vector["input"].split("|")

    derived = client_order_id(
        cast("SignalId", signal), cast("MemberId", member), Environment(environment), Venue(venue), Leg(leg), int(seq)
    )

    assert derived == vector["client_order_id"]


@given(st.uuids(), st.uuids(), st.sampled_from(Environment), st.sampled_from(Venue), st.sampled_from(Leg), st.integers(0, 99))
def test_every_venue_accepts_every_order_id(
    signal: SignalId, member: MemberId, environment: Environment, venue: Venue, leg: Leg, seq: int
) -> None:
    """rules: ORD-03"""
    derived = client_order_id(signal, member, environment, venue, leg, seq)

    assert re.fullmatch(r"cbc[estx][0-9a-f]{28}", derived)
    assert derived != client_order_id(signal, member, environment, venue, leg, seq + 1)


def test_a_refused_order_holds_nothing() -> None:
    """rules: ORD-01"""
    rejected = in_state(OrderState.REJECTED)

    assert (rejected.filled, rejected.average_price, rejected.error_code) == (Decimal(0), None, "FILTER")
