"""Whatever happens at the simulated venue, its accounts add up and the same happenings give the same accounts."""

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder, VenuePosition
from cbc_adapters.exchange.simulated.rules import struck_by
from cbc_domain.kernel.venues import Side
from cbc_domain.trading.model import Fill, Leg
from tests.strategies.exchange import BTC, FIRST, PRICE, SECOND, START, Happening, Moved, Placed, after, bar_after, happenings

ZERO = Decimal(0)


def fresh(journal_file: Path | None = None) -> SimulatedVenue:
    venue = SimulatedVenue(DEMONSTRATION, journal_file=journal_file)
    venue.open_account(FIRST, Decimal(5_000), START)
    venue.open_account(SECOND, Decimal(500), START, hedge=True)
    venue.set_price(BTC, PRICE, START)
    return venue


def fills_of(account: VenueAccount) -> list[tuple[VenueOrder, Fill]]:
    return [(order, fill) for order in account.orders.values() for fill in order.fills]


def signed(order: VenueOrder, fill: Fill) -> Decimal:
    """Coins bought, negative when sold."""
    buys = (order.ticket.side is Side.LONG) == (order.ticket.leg is Leg.ENTRY)
    return fill.quantity if buys else -fill.quantity


def positions_of(venue: SimulatedVenue) -> list[tuple[VenuePosition, list[VenueOrder]]]:
    """Every open position with the stops and targets that wait for it."""
    return [
        (position, [order for order in account.open_orders(BTC, side) if order.ticket.trigger is not None])
        for account in venue.accounts.values()
        for (_, side), position in account.positions.items()
    ]


@given(happenings)
def test_cash_and_open_result_are_the_equity(happened: list[Happening]) -> None:
    """rules: SIZ-02"""
    venue = after(fresh(), happened)

    for account in venue.accounts.values():
        reading = venue.reading(account.id, START)
        assert reading.equity == account.cash + venue.unrealised(account.id)
        assert reading.available == max(ZERO, account.cash - reading.margin_in_use)


@given(happenings)
def test_fees_and_result_add_up_from_the_fills_alone(happened: list[Happening]) -> None:
    """rules: ORD-12, POS-12"""
    venue = after(fresh(), happened)

    for account in venue.accounts.values():
        fills = fills_of(account)
        paid = -sum((signed(order, fill) * fill.price for order, fill in fills), start=ZERO)
        held = sum((p.coins if p.side is Side.LONG else -p.coins for p in account.positions.values()), start=ZERO)
        mark = venue.marks[BTC].price
        assert account.fees == sum((fill.fee for _, fill in fills), start=ZERO)
        assert held == sum((signed(order, fill) for order, fill in fills), start=ZERO)
        assert account.realised + venue.unrealised(account.id) == paid + held * mark


@given(happenings)
def test_what_only_reduces_never_opens(happened: list[Happening]) -> None:
    """rules: ORD-11"""
    entries_left_out = [h for h in happened if not isinstance(h, Placed) or h.leg is not Leg.ENTRY]

    venue = after(fresh(), entries_left_out)

    assert all(not account.positions and not account.orders for account in venue.accounts.values())


@given(happenings)
def test_positions_stay_on_the_step_and_within_their_margin(happened: list[Happening]) -> None:
    """rules: SIZ-06, SIZ-07"""
    venue = after(fresh(), happened)

    for account in venue.accounts.values():
        for position in account.positions.values():
            assert position.quantity > 0
            assert position.quantity % venue.listing[BTC].step == 0
            assert ZERO <= position.margin <= position.cost
        if not account.hedge:
            assert len(account.positions) <= 1


@given(happenings)
def test_nothing_that_reduces_stays_open_without_a_position(happened: list[Happening]) -> None:
    """rules: ORD-11"""
    venue = after(fresh(), happened)

    for account in venue.accounts.values():
        for side in Side:
            waiting = {order.ticket.leg for order in account.open_orders(BTC, side)}
            assert not waiting or Leg.ENTRY in waiting or (BTC, side) in account.positions


@given(happenings)
def test_nothing_that_a_bar_reached_still_waits(happened: list[Happening]) -> None:
    """rules: BT-04"""
    venue = fresh()
    for happening in happened:
        price = venue.marks[BTC].price
        after(venue, [happening])
        if isinstance(happening, Moved):
            bar = bar_after(price, happening.points)
            assert not any(struck_by(bar, *waiting, venue.listing[BTC]) for waiting in positions_of(venue))


@given(happenings)
def test_fill_ids_are_unique_at_the_venue(happened: list[Happening]) -> None:
    """rules: ORD-12"""
    venue = after(fresh(), happened)

    ids = [fill.id for account in venue.accounts.values() for _, fill in fills_of(account)]

    assert len(ids) == len(set(ids))


@given(happenings)
def test_the_same_happenings_give_the_same_venue(happened: list[Happening]) -> None:
    """rules: BT-07"""
    one, other = after(fresh(), happened), after(fresh(), happened)

    assert one.accounts == other.accounts
    assert list(one.unread) == list(other.unread)


@settings(max_examples=50)
@given(happenings, st.binary(max_size=20).filter(lambda tail: b"\n" not in tail))
def test_a_killed_venue_comes_back_as_it_was(happened: list[Happening], half_written: bytes) -> None:
    """rules: ORD-04, POS-10

    Nothing is to happen before it is compared: a price may strike what has filled since the last one, here as there.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "venue.jsonl"
        before = after(fresh(file), happened)
        before.close()
        with file.open("ab") as end:
            end.write(half_written)

        again = SimulatedVenue(DEMONSTRATION, journal_file=file)

        assert again.accounts == before.accounts
        assert not again.unread
        again.close()
