"""A position is what its fills and confirmations make of it, and its result is what they paid."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.rounding import half_up
from cbc_domain.kernel.venues import Environment, Side, Symbol
from cbc_domain.risk.limits import coin_blocked
from cbc_domain.trading.model import CloseReason, Fill, Leg, Order, Position, PositionState
from cbc_domain.trading.orders import Acknowledged, Cancelled, Filled, Sent, apply
from cbc_domain.trading.positions import (
    TRANSITIONS,
    adopt,
    apply_fill,
    begin_close,
    close,
    close_outside,
    coin_block,
    confirm_protection,
    gross,
    net,
)
from tests.rulebook import cases, table
from tests.strategies.trading import BTC, NOW, activity_in, decimals, fill_of, order_of, position_of

LATER = NOW + timedelta(seconds=3)

Told = tuple[Leg, Fill]


def sent(position: Position, leg: Leg, price: str | None = None) -> Order:
    return apply(order_of(position, leg, price=Decimal(price) if price else None), Sent(NOW))


def legs_of(position: Position) -> dict[Leg, Order]:
    return {leg: sent(position, leg, "98" if leg is Leg.STOP else "103") for leg in Leg}


def fold(position: Position, told: list[Told]) -> tuple[Position, dict[Leg, Order]]:
    """Fold fills into a position and its orders, as the books do: each order as it was goes with its fill."""
    orders = legs_of(position)
    for leg, fill in told:
        position = apply_fill(position, orders[leg], fill)
        orders[leg] = apply(orders[leg], Filled(fill))
    return position, orders


def minutes(text: str) -> timedelta:
    return timedelta(milliseconds=int(Decimal(text) * 60_000))


def opened(side: Side = Side.LONG, price: str = "100") -> Position:
    return fold(position_of(side), [(Leg.ENTRY, fill_of("in", "10", price))])[0]


def held(position: Position, leg: Leg, price: str, quantity: str = "10") -> Order:
    order = apply(order_of(position, leg, price=Decimal(price), quantity=quantity), Sent(NOW))
    return apply(order, Acknowledged(NOW, f"v-{leg}"))


@st.composite
def round_trips(draw: st.DrawFn) -> list[Told]:
    """Fills that open up to 10 and close at most what was opened, of exit, stop and target."""
    entries = draw(st.lists(st.tuples(decimals("0.1", "2.5", 1), decimals("90", "110", 2)), min_size=1, max_size=4))
    left = sum((quantity for quantity, _ in entries), start=Decimal(0))
    told = [
        (Leg.ENTRY, fill_of(f"in-{n}", str(quantity), str(price), n, "0.03")) for n, (quantity, price) in enumerate(entries)
    ]
    for number in range(draw(st.integers(0, 4))):
        quantity = min(left, draw(decimals("0.1", "5", 1)))
        if quantity > 0:
            leg = draw(st.sampled_from([Leg.EXIT, Leg.STOP, Leg.TARGET]))
            price = draw(decimals("80", "120", 2))
            told.append((leg, fill_of(f"out-{number}", str(quantity), str(price), 10 + number, "0.02")))
            left -= quantity
    return told


def paid(told: list[Told], *, reducing: bool) -> Decimal:
    return sum((fill.quantity * fill.price for leg, fill in told if (leg is not Leg.ENTRY) is reducing), start=Decimal(0))


@given(round_trips(), st.data())
def test_fills_told_again_change_nothing(told: list[Told], data: st.DataObject) -> None:
    """rules: POS-01, ARC-06"""
    position, orders = fold(position_of(), told)
    again = told[: data.draw(st.integers(0, len(told)))]

    for leg, fill in again:
        assert apply_fill(position, orders[leg], fill) == position


@given(round_trips(), st.data())
def test_the_order_in_which_fills_arrive_does_not_matter(told: list[Told], data: st.DataObject) -> None:
    """rules: POS-12, ORD-12"""
    shuffled = data.draw(st.permutations(told))

    one, _ = fold(position_of(), told)
    other, _ = fold(position_of(), shuffled)

    assert (one.bought, one.sold, one.fees, one.opened_at) == (other.bought, other.sold, other.fees, other.opened_at)
    assert net(one) == net(other)


@given(round_trips(), st.sampled_from(Side))
def test_the_result_of_a_closed_trade_is_what_it_received_less_what_it_paid(told: list[Told], side: Side) -> None:
    """rules: POS-12, COM-05"""
    position, _ = fold(position_of(side), told)
    last = fill_of("last", str(position.quantity), "101.37", 60)
    told = [*told, (Leg.EXIT, last)] if position.quantity else told
    position, _ = fold(position_of(side), told)

    difference = paid(told, reducing=True) - paid(told, reducing=False)
    assert position.quantity == 0
    assert gross(position) == (difference if side is Side.LONG else -difference)
    assert net(position) == half_up(gross(position) - position.fees, 8)


@given(round_trips())
def test_a_position_is_never_less_than_nothing(told: list[Told]) -> None:
    """rules: POS-10"""
    position, orders = fold(position_of(), told)

    beyond = apply_fill(position, orders[Leg.EXIT], fill_of("too much", "50", "100"))

    assert beyond.quantity == 0 or position.state is PositionState.OPENING
    assert beyond.sold <= max(beyond.bought, position.size.quantity)


def test_the_ways_of_a_position_are_those_of_the_book() -> None:
    """rules: POS-01, POS-02"""
    machine = table("state_machines")["position"]

    assert {state: {str(to) for to in ways} for state, ways in TRANSITIONS.items()} == {
        state: set(ways) for state, ways in machine["transitions"].items()
    }
    assert {state for state in PositionState if state.final} == set(machine["terminal"])
    assert list(CloseReason) == machine["close_reasons"]
    assert position_of().state == machine["initial"]


def test_it_is_protected_once_the_venue_holds_stop_and_target() -> None:
    """rules: POS-01, ORD-09"""
    position = opened()

    protected = confirm_protection(position, held(position, Leg.STOP, "98"), held(position, Leg.TARGET, "103"), LATER)

    assert (protected.state, protected.protected_at) == (PositionState.PROTECTED, LATER)
    assert (protected.stop_loss, protected.take_profit) == (Decimal(98), Decimal(103))


def test_a_stop_without_a_target_protects_nothing() -> None:
    """rules: POS-01, ORD-09"""
    position = opened()

    assert confirm_protection(position, held(position, Leg.STOP, "98"), sent(position, Leg.TARGET, "103"), LATER) == position


def test_a_stop_for_a_part_protects_nothing() -> None:
    """rules: ORD-08, ORD-09"""
    position = opened()

    assert (
        confirm_protection(position, held(position, Leg.STOP, "98", "9"), held(position, Leg.TARGET, "103"), LATER) == position
    )


def test_protection_is_not_confirmed_before_anything_is_open() -> None:
    """rules: POS-01"""
    position = position_of()

    assert confirm_protection(position, held(position, Leg.STOP, "98"), held(position, Leg.TARGET, "103"), LATER) == position


def test_a_moved_stop_is_taken_over_and_the_first_protection_is_remembered() -> None:
    """rules: SIZ-10"""
    position = opened()
    target = held(position, Leg.TARGET, "103")
    protected = confirm_protection(position, held(position, Leg.STOP, "98"), target, NOW)

    moved = confirm_protection(protected, held(position, Leg.STOP, "98.2"), target, LATER)

    assert (moved.stop_loss, moved.protected_at) == (Decimal("98.2"), NOW)


@pytest.mark.parametrize(
    ("leg", "reason"), [(Leg.STOP, CloseReason.SL), (Leg.TARGET, CloseReason.TP), (Leg.EXIT, CloseReason.SIGNAL)]
)
def test_the_leg_that_closed_it_says_why(leg: Leg, reason: CloseReason) -> None:
    """rules: POS-02, POS-06"""
    told = [(Leg.ENTRY, fill_of("in", "10", "100")), (leg, fill_of("out", "10", "98", 9))]
    position, orders = fold(position_of(), told)
    wished = begin_close(position, CloseReason.SIGNAL) if leg is Leg.EXIT else position

    closed = close(wished, orders.values(), LATER)

    assert (closed.state, closed.close_reason) == (PositionState.CLOSED, reason)
    assert closed.closed_at == NOW + timedelta(seconds=9)


def test_the_last_leg_to_fill_gives_the_reason() -> None:
    """rules: POS-02"""
    told = [
        (Leg.ENTRY, fill_of("in", "10", "100")),
        (Leg.TARGET, fill_of("some", "4", "103", 5)),
        (Leg.STOP, fill_of("rest", "6", "98", 8)),
    ]
    position, orders = fold(position_of(), told)

    assert close(position, orders.values(), LATER).close_reason is CloseReason.SL


def test_a_part_that_is_still_open_keeps_it_open() -> None:
    """rules: POS-06"""
    told = [(Leg.ENTRY, fill_of("in", "10", "100")), (Leg.STOP, fill_of("some", "9.9", "98", 5))]
    position, orders = fold(position_of(), told)

    assert close(position, orders.values(), LATER) == position


def test_an_entry_that_may_still_fill_keeps_it_open() -> None:
    """rules: POS-06, ORD-08"""
    told = [(Leg.ENTRY, fill_of("in", "4", "100")), (Leg.STOP, fill_of("out", "4", "98", 5))]
    position, orders = fold(position_of(), told)

    assert close(position, orders.values(), LATER) == position

    orders[Leg.ENTRY] = apply(orders[Leg.ENTRY], Cancelled(LATER))
    assert close(position, orders.values(), LATER).state is PositionState.CLOSED


def test_nothing_filled_means_nothing_happened() -> None:
    """rules: POS-01, POS-20"""
    position = begin_close(position_of(), CloseReason.SIGNAL)
    entry = apply(sent(position, Leg.ENTRY), Cancelled(NOW))

    ended = close(position, [entry], LATER)

    assert (ended.state, ended.close_reason) == (PositionState.ABANDONED, None)
    assert coin_block(ended, 120) is None


def test_a_fill_after_the_wish_to_close_is_closed_too() -> None:
    """rules: POS-01, SIG-22"""
    position = begin_close(position_of(), CloseReason.MANUAL)

    filled = apply_fill(position, sent(position, Leg.ENTRY), fill_of("in", "3", "100"))

    assert (position.state, filled.state) == (PositionState.OPENING, PositionState.CLOSING)


def test_the_first_wish_to_close_names_the_reason() -> None:
    """rules: POS-02"""
    position = begin_close(begin_close(opened(), CloseReason.SIGNAL), CloseReason.EMERGENCY)

    assert (position.state, position.closing_reason) == (PositionState.CLOSING, CloseReason.SIGNAL)


def test_a_finished_position_takes_no_more_fills_and_no_wishes() -> None:
    """rules: POS-01"""
    told = [(Leg.ENTRY, fill_of("in", "10", "100")), (Leg.STOP, fill_of("out", "10", "98", 5))]
    position, orders = fold(position_of(), told)
    closed = close(position, orders.values(), LATER)

    with pytest.raises(Conflict, match="state_conflict"):
        apply_fill(closed, orders[Leg.EXIT], fill_of("more", "1", "98"))
    with pytest.raises(Conflict, match="state_conflict"):
        begin_close(closed, CloseReason.MANUAL)
    assert close(closed, orders.values(), LATER) == closed


def test_a_fill_of_another_position_is_refused() -> None:
    """rules: POS-01"""
    other = attrs.evolve(position_of(), id=PositionId(UUID(int=99)))

    with pytest.raises(Conflict, match="state_conflict"):
        apply_fill(position_of(), sent(other, Leg.ENTRY), fill_of("in", "1", "100"))


def test_what_the_venue_has_less_of_is_adopted_and_more_of_is_left_alone() -> None:
    """rules: POS-10"""
    position = opened()

    assert adopt(position, Decimal(7)).quantity == Decimal(7)
    assert adopt(position, Decimal(12)) == position


def test_a_position_that_is_gone_is_closed_at_the_price_the_venue_recorded() -> None:
    """rules: POS-10, POS-12"""
    closed = close_outside(opened(), CloseReason.EXTERNAL, Decimal(105), LATER)

    assert (closed.state, closed.close_reason, gross(closed)) == (PositionState.CLOSED, CloseReason.EXTERNAL, Decimal(50))


def test_a_position_that_is_gone_without_a_price_has_no_invented_result() -> None:
    """rules: POS-10, GEN-12"""
    closed = close_outside(opened(), CloseReason.EXTERNAL, None, LATER)

    assert (closed.state, closed.quantity, gross(closed)) == (PositionState.CLOSED, Decimal(0), Decimal(0))
    assert coin_block(closed, 120) is not None


def test_a_liquidation_ends_as_liquidated() -> None:
    """rules: POS-01, POS-10"""
    ended = close_outside(opened(), CloseReason.LIQUIDATION, Decimal(81), LATER)

    assert (ended.state, ended.close_reason) == (PositionState.LIQUIDATED, CloseReason.LIQUIDATION)


def test_only_our_part_of_a_larger_closing_fill_counts() -> None:
    """rules: COM-06, POS-10"""
    position = begin_close(opened(), CloseReason.MANUAL)

    closed = apply_fill(position, sent(position, Leg.EXIT), fill_of("out", "40", "110", 5, "0.8"))

    assert (closed.sold, closed.fees, gross(closed)) == (Decimal(10), Decimal("0.2"), Decimal(100))


@pytest.mark.parametrize(
    ("side", "out", "expected"), [(Side.LONG, "103", "29.25"), (Side.SHORT, "97", "29.25"), (Side.LONG, "98", "-20.75")]
)
def test_the_net_result_has_fees_and_funding_taken_off(side: Side, out: str, expected: str) -> None:
    """rules: POS-12, COM-05"""
    told = [(Leg.ENTRY, fill_of("in", "10", "100", fee="0.3")), (Leg.EXIT, fill_of("out", "10", out, 5, "0.25"))]
    position, _ = fold(position_of(side), told)

    assert net(attrs.evolve(position, funding=Decimal("0.2"))) == Decimal(expected)


def test_contracts_are_valued_in_coins() -> None:
    """rules: POS-12, SIZ-06"""
    contracts = attrs.evolve(position_of(quantity="25", price="60000"), contract_size=Decimal("0.001"))
    told = [(Leg.ENTRY, fill_of("in", "25", "60000")), (Leg.EXIT, fill_of("out", "25", "61800", 5))]

    assert gross(fold(contracts, told)[0]) == Decimal(45)


@pytest.mark.parametrize("case", cases("coin_block_cases"))
def test_a_coin_is_blocked_after_a_close_and_free_to_the_instant(case: Mapping[str, Any]) -> None:
    """rules: POS-20, GEN-07"""
    given = case["input"]
    told = [(Leg.ENTRY, fill_of("in", "10", "100")), (Leg.STOP, fill_of("out", "10", "98", 0))]
    position, orders = fold(position_of(), told)
    block = coin_block(close(position, orders.values(), NOW), given["block_minutes"])
    assert block is not None
    same = block.member == position.member and given["same_member"] and given["same_environment"]
    environment = position.environment if given["same_environment"] else Environment.TESTNET
    asked = BTC if given["same_coin"] else Symbol("ETHUSDT")

    activity = attrs.evolve(activity_in(environment), blocked_coins=((block.coin, block.until),) if same else ())
    now = block.since + minutes(given["minutes_since_close"])

    assert coin_blocked(activity, asked, now) == (case["expect"] == "coin_blocked")


def test_the_block_names_its_cause() -> None:
    """rules: POS-20"""
    block = coin_block(close_outside(opened(), CloseReason.LIQUIDATION, Decimal(81), LATER), 120)

    assert block is not None
    assert (block.coin, block.cause, block.until - block.since) == ("BTC", "LIQUIDATION", timedelta(minutes=120))


def test_a_full_life_runs_through_its_states() -> None:
    """rules: POS-01"""
    planned = position_of()
    filled = opened()
    protected = confirm_protection(filled, held(filled, Leg.STOP, "98"), held(filled, Leg.TARGET, "103"), LATER)
    closing = begin_close(protected, CloseReason.SIGNAL)
    sold = apply_fill(closing, sent(closing, Leg.EXIT), fill_of("out", "10", "101", 5))
    closed = close(sold, [], LATER)

    states = [one.state for one in (planned, protected, closing, closed)]
    assert all(after in TRANSITIONS[before] for before, after in pairwise(states))
