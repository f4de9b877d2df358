"""The simulated venue: fills, filters, margin, triggers, liquidation and funding, number by number."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.model import Friction
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Report, ReportState, Ticket
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.trading.model import Leg
from tests.strategies.exchange import BTC, FIRST, PRICE, START, entry, instrument, leave, stop, target

LATER = START + timedelta(minutes=1)


def venue_with(balance: str = "1000", friction: Friction | None = None, hedge: bool = False) -> SimulatedVenue:
    venue = SimulatedVenue(DEMONSTRATION, friction=friction or Friction(slippage=Decimal(0)))
    venue.open_account(FIRST, Decimal(balance), START, hedge=hedge)
    venue.set_price(BTC, PRICE, START)
    return venue


def bar(venue: SimulatedVenue, open: str, high: str, low: str, close: str) -> None:
    venue.apply_candle(BTC, Decimal(open), Decimal(high), Decimal(low), Decimal(close), LATER)


def report_of(venue: SimulatedVenue, client_id: str) -> Report:
    report = venue.find(FIRST, client_id)
    assert report is not None
    return report


def fault_of(venue: SimulatedVenue, ticket: Ticket, *attached: Ticket) -> Fault:
    before = attrs.asdict(venue.accounts[FIRST])
    with pytest.raises(VenueRefused) as refusal:
        venue.place(FIRST, ticket, LATER, attached)
    assert attrs.asdict(venue.accounts[FIRST]) == before
    return refusal.value.fault


def test_an_entry_fills_at_the_mark_price_with_taker_fee_and_slippage() -> None:
    """rules: ELG-08"""
    venue = venue_with(friction=Friction())

    report = venue.place(FIRST, entry(), START)

    (fill,) = report.fills
    assert report.state is ReportState.FILLED
    assert fill.price == Decimal("47023.5")
    assert fill.quantity == Decimal("0.1")
    assert fill.fee == Decimal("2.82141000")
    assert not fill.maker


def test_a_short_sells_below_the_mark_price() -> None:
    """rules: ELG-08"""
    venue = venue_with(friction=Friction())

    report = venue.place(FIRST, entry(side=Side.SHORT), START)

    assert report.fills[0].price == Decimal("46976.5")


def test_margin_and_readings_follow_a_position() -> None:
    """rules: SIZ-01, SIZ-02"""
    venue = venue_with()
    venue.place(FIRST, entry(), START)
    venue.set_price(BTC, Decimal(47_100), LATER)

    reading = venue.reading(FIRST, LATER)

    assert reading.margin_in_use == Decimal(470)
    assert reading.equity == Decimal(1000) - Decimal("2.82") + Decimal(10)
    assert reading.available == Decimal(1000) - Decimal("2.82") - Decimal(470)


@pytest.mark.parametrize(
    ("ticket", "fault"),
    [
        (entry(quantity="0.1005"), Fault.FILTER),
        (entry(quantity="0"), Fault.FILTER),
        (entry(quantity="-0.1"), Fault.FILTER),
        (entry(quantity="0.001"), Fault.FILTER),
        (entry(quantity="120.001"), Fault.FILTER),
        (entry(leverage=51), Fault.FILTER),
        (entry(quantity="0.1", leverage=4), Fault.INSUFFICIENT_MARGIN),
        (attrs.evolve(entry(), symbol=Symbol("PEPEUSDT")), Fault.SYMBOL_CLOSED),
        (attrs.evolve(entry(), symbol=Symbol("ETHUSDT")), Fault.SYMBOL_CLOSED),
        (attrs.evolve(entry(), trigger=Decimal(1)), Fault.FILTER),
        (leave(), Fault.REDUCE_ONLY),
        (stop("46000"), Fault.REDUCE_ONLY),
    ],
)
def test_what_a_venue_does_not_take_is_refused_and_changes_nothing(ticket: Ticket, fault: Fault) -> None:
    """rules: EXC-04, SIZ-06, SIZ-07"""
    assert fault_of(venue_with(), ticket) is fault


@pytest.mark.parametrize(
    ("trigger", "fault"),
    [
        ("46000.05", Fault.FILTER),
        ("47000", Fault.PRICE_PASSED),
        ("47001", Fault.PRICE_PASSED),
        ("0", Fault.FILTER),
        ("-5", Fault.FILTER),
    ],
)
def test_a_stop_off_the_tick_or_beyond_the_price_refuses_the_whole_entry(trigger: str, fault: Fault) -> None:
    """rules: SIZ-08, ORD-09, EXC-04"""
    assert fault_of(venue_with(), entry(), stop(trigger)) is fault


def test_a_halted_symbol_takes_no_order() -> None:
    """rules: ORD-16"""
    venue = SimulatedVenue([attrs.evolve(instrument(), tradable=False)])
    venue.open_account(FIRST, Decimal(1000), START)

    assert fault_of(venue, entry()) is Fault.SYMBOL_CLOSED


def test_a_client_id_is_used_once() -> None:
    """rules: ORD-04"""
    venue = venue_with()
    venue.place(FIRST, entry(), START)

    assert fault_of(venue, entry()) is Fault.DUPLICATE_ID
    assert fault_of(venue, entry("e2"), stop("46000", "e2")) is Fault.DUPLICATE_ID


def test_an_exit_is_cut_to_what_is_held() -> None:
    """rules: ORD-11"""
    venue = venue_with()
    venue.place(FIRST, entry(), START)

    report = venue.place(FIRST, leave(quantity="5"), LATER)

    assert sum(fill.quantity for fill in report.fills) == Decimal("0.1")
    assert venue.holding(FIRST, BTC) is None


def test_a_stop_fills_at_its_trigger_with_slippage_and_cancels_the_target() -> None:
    """rules: BT-04, ORD-09"""
    venue = venue_with(friction=Friction())
    venue.place(FIRST, entry(), START, [stop("46000"), target("48000")])

    bar(venue, "46800", "46900", "45900", "46500")

    assert report_of(venue, "s1").fills[0].price == Decimal("45977.0")
    assert report_of(venue, "t1").state is ReportState.CANCELLED
    assert venue.holding(FIRST, BTC) is None


def test_a_target_fills_at_its_trigger_without_slippage_and_cancels_the_stop() -> None:
    """rules: BT-04, ORD-09"""
    venue = venue_with(friction=Friction())
    venue.place(FIRST, entry(), START, [stop("46000"), target("48000")])

    bar(venue, "47100", "48100", "47000", "47500")

    assert report_of(venue, "t1").fills[0].price == Decimal(48_000)
    assert report_of(venue, "s1").state is ReportState.CANCELLED


def test_the_stop_counts_first_when_both_lie_in_one_bar() -> None:
    """rules: BT-04"""
    venue = venue_with()
    venue.place(FIRST, entry(), START, [stop("46000"), target("48000")])

    bar(venue, "47000", "48500", "45500", "48200")

    assert report_of(venue, "s1").state is ReportState.FILLED
    assert report_of(venue, "t1").state is ReportState.CANCELLED


@pytest.mark.parametrize(
    ("side", "below", "above", "open", "fired"),
    [
        (Side.LONG, "s1", "t1", "45400", "s1"),
        (Side.LONG, "s1", "t1", "48600", "t1"),
        (Side.SHORT, "t1", "s1", "45400", "t1"),
        (Side.SHORT, "t1", "s1", "48600", "s1"),
    ],
)
def test_a_bar_that_opens_beyond_a_trigger_fills_at_its_open(side: Side, below: str, above: str, open: str, fired: str) -> None:
    """rules: BT-04"""
    venue = venue_with()
    legs = {"s1": Leg.STOP, "t1": Leg.TARGET}
    low = Ticket(below, BTC, side, legs[below], Decimal("0.1"), trigger=Decimal(46_000))
    high = Ticket(above, BTC, side, legs[above], Decimal("0.1"), trigger=Decimal(48_000))
    venue.place(FIRST, entry(side=side), START, [low, high])

    bar(venue, open, str(Decimal(open) + 50), str(Decimal(open) - 50), open)

    assert report_of(venue, fired).fills[0].price == Decimal(open)


def test_a_stop_works_on_the_bar_of_its_entry() -> None:
    """rules: BT-04"""
    venue = venue_with()
    venue.set_price(BTC, Decimal(47_000), LATER)
    venue.place(FIRST, entry(), LATER, [stop("46000")])

    bar(venue, "47000", "47100", "45900", "46900")

    assert report_of(venue, "s1").state is ReportState.FILLED


def test_of_two_stops_the_nearer_one_fires() -> None:
    """rules: SIZ-10"""
    venue = venue_with()
    venue.place(FIRST, entry(), START, [stop("46000")])
    venue.place(FIRST, stop("46500", "s2"), START)

    bar(venue, "46800", "46800", "45000", "45000")

    assert report_of(venue, "s2").fills[0].price == Decimal(46_500)
    assert report_of(venue, "s1").state is ReportState.CANCELLED


def test_a_stop_closes_the_whole_position_even_after_more_was_bought() -> None:
    """rules: ORD-09"""
    venue = venue_with()
    venue.place(FIRST, entry(), START, [stop("46000")])
    venue.place(FIRST, entry("e2", "0.05"), START)

    venue.set_price(BTC, Decimal(45_000), LATER)

    assert report_of(venue, "s1").fills[0].quantity == Decimal("0.15")
    assert venue.holding(FIRST, BTC) is None


def test_a_maker_target_pays_the_maker_fee() -> None:
    """rules: BT-04"""
    venue = venue_with(friction=Friction(maker_targets=True))
    venue.place(FIRST, entry(), START, [target("48000")])

    bar(venue, "47100", "48100", "47000", "47500")

    (fill,) = report_of(venue, "t1").fills
    assert fill.maker
    assert fill.fee == Decimal("0.96")


def test_a_partial_fill_leaves_the_rest_open_until_it_is_cancelled() -> None:
    """rules: ORD-08"""
    venue = venue_with()
    report = venue.place(FIRST, entry(), START, [stop("46000")], fraction=Decimal("0.333"))

    venue.cancel(FIRST, "e1", LATER)

    assert report.state is ReportState.PARTIALLY_FILLED
    assert report_of(venue, "e1").state is ReportState.CANCELLED
    assert report_of(venue, "e1").fills[0].quantity == Decimal("0.033")
    assert report_of(venue, "s1").state is ReportState.LIVE


def test_a_rest_fills_at_the_price_of_its_time() -> None:
    """rules: ORD-08"""
    venue = venue_with()
    venue.place(FIRST, entry(), START, fraction=Decimal("0.5"))
    venue.set_price(BTC, Decimal(47_200), LATER)

    venue.fill_rest(FIRST, "e1", LATER)

    assert [fill.price for fill in report_of(venue, "e1").fills] == [Decimal(47_000), Decimal(47_200)]
    assert report_of(venue, "e1").state is ReportState.FILLED


def test_a_position_is_liquidated_before_a_stop_that_lies_beyond() -> None:
    """rules: SIZ-09"""
    venue = venue_with()
    venue.place(FIRST, entry(leverage=50), START, [stop("45000")])

    bar(venue, "46900", "46900", "44000", "44500")

    liquidation = next(report for report in venue.unread if report.code == "LIQUIDATION")
    assert liquidation.fills[0].price == Decimal("46245.0")
    assert report_of(venue, "s1").state is ReportState.CANCELLED


def test_a_liquidation_never_costs_more_than_the_margin() -> None:
    """rules: SIZ-01"""
    venue = venue_with()
    venue.place(FIRST, entry(leverage=50), START)

    bar(venue, "30000", "30000", "30000", "30000")

    assert venue.accounts[FIRST].cash == Decimal(1000) - Decimal("2.82") - Decimal(94)


def test_an_opposite_entry_first_closes_in_one_way_mode() -> None:
    """rules: EXC-06"""
    venue = venue_with()
    venue.place(FIRST, entry(), START, [stop("46000")])

    venue.place(FIRST, entry("e2", "0.15", Side.SHORT), LATER)

    holding = venue.holding(FIRST, BTC)
    assert holding is not None
    assert (holding.side, holding.quantity) == (Side.SHORT, Decimal("0.05"))
    assert report_of(venue, "s1").state is ReportState.CANCELLED


def test_both_sides_are_held_in_hedge_mode() -> None:
    """rules: EXC-06"""
    venue = venue_with(hedge=True)
    venue.place(FIRST, entry(), START)

    venue.place(FIRST, entry("e2", side=Side.SHORT), LATER)

    assert {side for _, side in venue.accounts[FIRST].positions} == set(Side)


def test_funding_is_paid_by_longs_and_received_by_shorts() -> None:
    """rules: POS-12"""
    longs, shorts = venue_with(), venue_with()
    longs.place(FIRST, entry(), START)
    shorts.place(FIRST, entry(side=Side.SHORT), START)

    longs.apply_funding(BTC, Decimal("0.0001"), LATER)
    shorts.apply_funding(BTC, Decimal("0.0001"), LATER)

    assert longs.accounts[FIRST].funding == Decimal("0.47")
    assert shorts.accounts[FIRST].funding == Decimal("-0.47")


def test_money_moves_in_and_out() -> None:
    """rules: SIZ-02"""
    venue = venue_with("1000")

    venue.deposit(FIRST, Decimal("-999.5"), LATER)

    assert venue.reading(FIRST, LATER).available == Decimal("0.5")


def test_a_venue_that_takes_a_stop_first_lets_it_stand_until_the_entry_comes() -> None:
    """rules: ORD-09, POS-11"""
    venue = SimulatedVenue(DEMONSTRATION, friction=Friction(slippage=Decimal(0)), takes_stop_first=True)
    venue.open_account(FIRST, Decimal(1000), START)
    venue.set_price(BTC, PRICE, START)

    venue.place(FIRST, stop("46000"), START)
    bar(venue, "47000", "47100", "46900", "47000")
    venue.place(FIRST, entry(), LATER)
    bar(venue, "47000", "47000", "45900", "45900")

    assert report_of(venue, stop("46000").client_id).state is ReportState.FILLED
    assert venue.holding(FIRST, BTC) is None


@pytest.mark.parametrize(("trigger", "lapses"), [(stop("46000"), True), (target("48000"), False)])
def test_a_trigger_that_is_reached_with_nothing_to_close_is_over(trigger: Ticket, *, lapses: bool) -> None:
    """rules: ORD-11"""
    venue = SimulatedVenue(DEMONSTRATION, takes_stop_first=True)
    venue.open_account(FIRST, Decimal(1000), START)
    venue.set_price(BTC, PRICE, START)
    venue.place(FIRST, trigger, START)

    bar(venue, "47000", "47100", "45900", "47000")

    assert (report_of(venue, trigger.client_id).state is ReportState.CANCELLED) == lapses
