"""A position that is open has one stop and one target at the venue, where and as large as they should be."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import OrderId
from cbc_domain.kernel.venues import Side
from cbc_domain.trading.model import CloseReason, Leg, Order, OrderState, Position, PositionState
from cbc_domain.trading.orders import Acknowledged, Expired, Filled, Lost, Rejected, Sent, apply
from cbc_domain.trading.positions import apply_fill, begin_close, confirm_protection
from cbc_domain.trading.protection import Repairs, Trigger, bracket_for, repairs, trigger_order, unprotected_too_long
from cbc_domain.trading.sizes import Bracket, SizeFlag
from tests.strategies.trading import BTC_RULES, LIMITS, NOW, fill_of, order_of, position_of

NOTHING = Repairs()
ENTRY_SENT = apply(order_of(position_of()), Sent(NOW))
STOP_SENT = apply(order_of(position_of(), Leg.STOP, price=Decimal(98)), Sent(NOW))
STOP = apply(STOP_SENT, Acknowledged(NOW, "v-s"))
TARGET = apply(apply(order_of(position_of(), Leg.TARGET, price=Decimal(103)), Sent(NOW)), Acknowledged(NOW, "v-t"))


def filled(quantity: str = "10", price: str = "100", side: Side = Side.LONG) -> tuple[Position, Order]:
    """A position with its entry, filled by so much."""
    fill = fill_of("in", quantity, price)
    return apply_fill(position_of(side), ENTRY_SENT, fill), apply(ENTRY_SENT, Filled(fill))


def needs(position: Position, *orders: Order) -> Repairs:
    return repairs(position, orders, BTC_RULES, LIMITS)


@pytest.mark.parametrize("exit_", [order_of(position_of(), Leg.EXIT), apply(order_of(position_of(), Leg.EXIT), Sent(NOW))])
def test_nothing_new_is_placed_while_an_exit_waits_to_be_sent(exit_: Order) -> None:
    """rules: ORD-10, POS-11

    In seed 69 of the campaign at the venues a new stop was, and the exit of the position waited 1.9 s for its answers.
    """
    position, entry = filled()
    refused = apply(exit_ if exit_.sent_at else apply(exit_, Sent(NOW)), Rejected(NOW, "FILTER"))

    assert needs(position, entry, exit_) == NOTHING
    assert needs(position, entry, refused) != NOTHING


def carried_out(position: Position, orders: tuple[Order, ...], found: Repairs) -> tuple[Order, ...]:
    """What the orders are once every repair has been made and the venue has confirmed it."""
    placed = [trigger_order(position, one, OrderId(UUID(int=500 + n)), NOW) for n, one in enumerate(found.place)]
    sent = [apply(apply(order, Sent(NOW)), Acknowledged(NOW, "v")) for order in (*placed, *found.send)]
    gone = {order.client_id for order in (*found.cancel, *found.expire, *found.send)}
    ended = [attrs.evolve(order, state=OrderState.CANCELLED) for order in (*found.cancel, *found.expire)]
    return (*(order for order in orders if order.client_id not in gone), *ended, *sent)


@st.composite
def protections(draw: st.DrawFn) -> tuple[Position, tuple[Order, ...]]:
    """A position with an entry that filled and any number of stops and targets in any state."""
    position, entry = filled(str(draw(st.integers(1, 10))), str(draw(st.sampled_from(["100", "100.3", "99.1"]))))
    if draw(st.booleans()):
        entry = attrs.evolve(entry, state=OrderState.CANCELLED)
    orders = [entry]
    for leg in (Leg.STOP, Leg.TARGET):
        for seq in range(draw(st.integers(0, 3))):
            price = draw(st.sampled_from(["98", "98.2", "103", "103.3", "90"]))
            order = order_of(position, leg, seq, Decimal(price), str(draw(st.integers(1, 10))))
            states = [OrderState.CREATED, OrderState.SUBMITTED, OrderState.ACKED, OrderState.UNKNOWN, OrderState.REJECTED]
            orders.append(attrs.evolve(order, state=draw(st.sampled_from(states))))
    return position, tuple(orders)


@given(protections())
def test_what_was_repaired_needs_no_repair(given_: tuple[Position, tuple[Order, ...]]) -> None:
    """rules: POS-10, SIZ-10, ORD-08"""
    position, orders = given_

    repaired = carried_out(position, orders, needs(position, *orders))

    assert needs(position, *repaired) == NOTHING


@given(protections())
def test_afterwards_exactly_one_stop_and_one_target_cover_all_that_is_open(
    given_: tuple[Position, tuple[Order, ...]],
) -> None:
    """rules: ORD-09, POS-10"""
    position, orders = given_

    repaired = carried_out(position, orders, needs(position, *orders))

    live = [order for order in repaired if order.leg is not Leg.ENTRY and not order.state.final]
    assert sorted(order.leg for order in live) == [Leg.STOP, Leg.TARGET]
    assert all(order.quantity >= position.quantity for order in live)


@given(protections())
def test_a_replacement_never_reuses_an_id(given_: tuple[Position, tuple[Order, ...]]) -> None:
    """rules: ORD-03"""
    position, orders = given_

    new = [trigger_order(position, one, OrderId(UUID(int=500)), NOW) for one in needs(position, *orders).place]

    assert not {order.client_id for order in new} & {order.client_id for order in orders}


def test_nothing_is_needed_when_stop_and_target_stand_as_planned() -> None:
    """rules: POS-10"""
    position, entry = filled()

    assert needs(position, entry, STOP, TARGET) == NOTHING


def test_a_fill_a_tick_away_moves_stop_and_target() -> None:
    """rules: SIZ-10"""
    position, entry = filled(price="100.2")

    found = needs(position, entry, STOP, TARGET)

    assert found.place == (
        Trigger(Leg.STOP, 1, Decimal("98.1"), Decimal(10)),
        Trigger(Leg.TARGET, 1, Decimal("103.2"), Decimal(10)),
    )
    assert found.cancel == (STOP, TARGET)


def test_a_fill_less_than_a_tick_away_moves_nothing() -> None:
    """rules: SIZ-10"""
    position, entry = filled(price="100.05")

    assert needs(position, entry, STOP, TARGET) == NOTHING


def test_a_missing_target_is_placed_again_under_a_new_number() -> None:
    """rules: POS-10, ORD-03"""
    position, entry = filled()
    refused = apply(apply(order_of(position, Leg.TARGET, price=Decimal(103)), Sent(NOW)), Rejected(NOW, "FILTER"))

    found = needs(position, entry, STOP, refused)

    assert found == Repairs(place=(Trigger(Leg.TARGET, 1, Decimal(103), Decimal(10)),))


def test_protection_that_was_never_sent_is_sent() -> None:
    """rules: ORD-09"""
    position, entry = filled()
    unsent = order_of(position, Leg.STOP, price=Decimal(98))

    assert needs(position, entry, unsent, TARGET) == Repairs(send=(unsent,))


def test_a_stop_whose_answer_was_lost_is_not_doubled() -> None:
    """rules: ORD-04"""
    position, entry = filled()

    assert needs(position, entry, apply(STOP_SENT, Lost(NOW)), TARGET) == NOTHING


def test_a_partial_entry_that_ended_has_protection_of_its_own_size() -> None:
    """rules: ORD-08"""
    position, entry = filled("6")
    ended = attrs.evolve(entry, state=OrderState.CANCELLED)

    found = needs(position, ended, STOP, TARGET)

    assert [(one.leg, one.quantity) for one in found.place] == [(Leg.STOP, Decimal(6)), (Leg.TARGET, Decimal(6))]
    assert found.cancel == (STOP, TARGET)


def test_while_the_entry_may_still_fill_the_planned_protection_stands() -> None:
    """rules: ORD-08"""
    position, entry = filled("6")

    assert needs(position, entry, STOP, TARGET) == NOTHING


def test_too_little_to_carry_a_stop_is_closed_at_once() -> None:
    """rules: ORD-08"""
    position, entry = filled("0.0005")
    ended = attrs.evolve(entry, state=OrderState.CANCELLED)

    assert needs(position, ended, STOP, TARGET) == Repairs(unprotectable=True)


@pytest.mark.parametrize("bought", ["4", "10"])
def test_what_a_stop_left_is_sold_though_another_one_goes_with_the_entry(bought: str) -> None:
    """rules: ORD-08, POS-11

    In seed 403 of the campaign at the venues a stop sold the first part of an entry at OKX. The one that the venue makes when
    an entry is over counted as waiting: the rest got a third, at a price that had passed, and stood bare for 5.1 s.
    """
    carried = order_of(position_of(), Leg.STOP, price=Decimal(98))
    stood = apply(apply(order_of(position_of(), Leg.STOP, seq=1, price=Decimal(98)), Sent(NOW)), Acknowledged(NOW, "v-s"))
    part = fill_of("out", "4", "98")
    position, entry = filled(bought)

    found = needs(apply_fill(position, stood, part), entry, carried, apply(apply(stood, Filled(part)), Expired(NOW)))

    assert found == Repairs(unprotectable=True)


def test_before_the_first_fill_nothing_is_placed() -> None:
    """rules: ORD-09"""
    assert needs(position_of(), ENTRY_SENT, STOP, TARGET) == NOTHING


def test_an_entry_that_bought_nothing_leaves_no_order_behind() -> None:
    """rules: ORD-11"""
    unsent = order_of(position_of(), Leg.TARGET, price=Decimal(103))

    found = needs(position_of(), apply(order_of(position_of()), Expired(NOW)), STOP, unsent)

    assert found == Repairs(cancel=(STOP,), expire=(unsent,))


def test_a_close_places_nothing_new_and_leaves_what_stands() -> None:
    """rules: POS-06, ORD-10"""
    position, entry = filled()

    assert needs(begin_close(position, CloseReason.UNPROTECTED), entry, STOP) == NOTHING


def test_a_closed_position_cancels_what_is_left() -> None:
    """rules: ORD-11"""
    position, entry = filled()
    closed = attrs.evolve(position, state=PositionState.CLOSED, sold=position.bought)

    assert needs(closed, entry, STOP, TARGET).cancel == (STOP, TARGET)


def test_a_stop_that_closes_in_parts_is_left_alone() -> None:
    """rules: POS-10"""
    position, entry = filled()
    fill = fill_of("out", "4", "98", 5)

    reduced = apply_fill(position, STOP, fill)

    assert needs(reduced, entry, apply(STOP, Filled(fill)), TARGET) == NOTHING


def test_a_stop_rounded_toward_the_entry_stays_so_after_the_fill() -> None:
    """rules: SIZ-09, SIZ-10"""
    position, entry = filled(price="100.03")
    flagged = attrs.evolve(position, size=attrs.evolve(position.size, flags=(SizeFlag.STOP_ROUNDED_TOWARD_ENTRY,)))

    prices = [one.price for one in needs(flagged, entry).place if one.leg is Leg.STOP]

    assert prices == [Decimal("98.1")]


@pytest.mark.parametrize(("seconds", "late"), [(1, False), (6, False), (7, True)])
def test_a_position_without_protection_five_seconds_after_its_first_fill_is_late(seconds: int, *, late: bool) -> None:
    """rules: POS-11, ORD-10"""
    position, _ = filled()

    assert unprotected_too_long(position, NOW + timedelta(seconds=seconds), LIMITS) == late


def test_a_protected_position_is_never_late() -> None:
    """rules: POS-11"""
    position, _ = filled()
    protected = confirm_protection(position, STOP, TARGET, NOW)

    assert not unprotected_too_long(protected, NOW + timedelta(days=1), LIMITS)


@pytest.mark.parametrize(("notional", "leverage"), [("1000", 20), ("1000.01", 10), ("99999", None)])
def test_the_bracket_of_a_notional_includes_its_end(notional: str, leverage: int | None) -> None:
    """rules: SIZ-04"""
    tiers = (Bracket(Decimal(5000), 10, Decimal("0.01")), Bracket(Decimal(1000), 20, Decimal("0.005")))

    bracket = bracket_for(attrs.evolve(BTC_RULES, brackets=tiers), Decimal(notional))

    assert (bracket.max_leverage if bracket else None) == leverage
