"""What every exchange adapter promises, told once and run over each of them."""

from collections.abc import Awaitable
from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Holding, OpenOrder, ReportState, Ticket
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.trading.model import Leg
from tests.promises.transfers import TransferPromises
from tests.promises.venue_bench import VenueBench, travelled
from tests.strategies.exchange import BTC, entry, leave, stop, target

E1, E2, S1, T1, X1, NEVER, S2 = (f"cbc{leg}{number:028x}" for number, leg in enumerate("eestxes", start=1))
"""Ids as ORD-03 makes them."""


async def refused(call: Awaitable[object]) -> Fault | None:
    """Why the venue said no; None when it did not."""
    try:
        await call
    except VenueRefused as refusal:
        return refusal.fault
    return None


class ExchangePromises(TransferPromises):
    """Inherit and give a `bench` fixture."""

    async def test_an_entry_fills_and_is_held(self, bench: VenueBench) -> None:
        """rules: EXC-01, ORD-12"""
        report = await bench.exchange.place(bench.account, entry(E1))

        assert report.account == bench.account.id
        assert report.client_id == E1
        assert report.state is ReportState.FILLED
        assert sum(fill.quantity for fill in report.fills) == Decimal("0.1")
        assert all(fill.fee > 0 and fill.client_order_id == E1 for fill in report.fills)
        assert await bench.holding() == Holding(BTC, Side.LONG, Decimal("0.1"))

    async def test_only_the_side_asked_for_is_told(self, bench: VenueBench) -> None:
        """rules: EXC-06"""
        await bench.place(entry(E1))

        assert await bench.exchange.holding(bench.account, BTC, Side.SHORT) is None

    async def test_how_a_position_ended_is_on_record_whoever_ended_it(self, bench: VenueBench) -> None:
        """rules: POS-10, COM-05"""
        bought = await bench.exchange.place(bench.account, entry(E1))
        before = await bench.exchange.ending(bench.account, BTC, Side.LONG, bought.at)

        sold = await bench.exchange.place(bench.account, leave(X1))

        ending = await bench.exchange.ending(bench.account, BTC, Side.LONG, bought.at)
        assert before is None
        assert ending is not None
        assert (ending.quantity, ending.liquidated) == (Decimal("0.1"), False)
        assert ending.fee == sum(fill.fee for fill in sold.fills)

    async def test_an_order_is_found_by_its_client_id(self, bench: VenueBench) -> None:
        """rules: ORD-04"""
        placed = await bench.exchange.place(bench.account, entry(E1))

        assert await bench.exchange.find(bench.account, BTC, E1) == placed
        assert await bench.exchange.find(bench.account, BTC, E2) is None

    async def test_the_id_of_an_order_that_stands_is_refused(self, bench: VenueBench) -> None:
        """rules: ORD-04"""
        await bench.place(entry(E1))
        await bench.place(stop("46000", S1))

        with pytest.raises(VenueRefused) as refusal:
            await bench.place(stop("46000", S1))

        assert refusal.value.fault is Fault.DUPLICATE_ID

    async def test_who_does_not_forget_ids_refuses_one_that_was_used(self, bench: VenueBench) -> None:
        """rules: ORD-04"""
        await bench.place(entry(E1))

        again = await refused(bench.place(entry(E1)))

        forgets = bench.exchange.forgets_ids(bench.account.venue)
        assert (again is None) == forgets
        assert forgets or again is Fault.DUPLICATE_ID

    async def test_protection_is_live_and_closes_the_position(self, bench: VenueBench) -> None:
        """rules: ORD-09"""
        protection = [stop("46000", S1), target("48000", T1)]
        carried = bench.exchange.attached_legs(bench.account.venue)
        await bench.place(entry(E1), [each for each in protection if each.leg in carried])
        for each in protection:
            if each.leg not in carried:
                await bench.place(each)
        before = [await bench.state_of(S1, protection[0]), await bench.state_of(T1)]

        await bench.move(Decimal(45_900))

        assert before == [ReportState.LIVE, ReportState.LIVE]
        assert await bench.state_of(S1, protection[0]) is ReportState.FILLED
        assert await bench.state_of(T1) is ReportState.CANCELLED
        assert await bench.holding() is None

    async def test_what_went_with_an_entry_is_found_and_cancelled_as_what_it_is(self, bench: VenueBench) -> None:
        """rules: ORD-09, ORD-11"""
        carried = [each for each in (stop("46000", S1),) if each.leg in bench.exchange.attached_legs(bench.account.venue)]
        await bench.place(entry(E1), carried)
        before = [await bench.state_of(each.client_id, each) for each in carried]

        for each in carried * 2:
            await bench.exchange.cancel(bench.account, BTC, each.client_id, travelled(each))
        await bench.move(Decimal(45_900))

        assert before == [ReportState.LIVE for _ in carried]
        assert [await bench.state_of(each.client_id, each) for each in carried] == [ReportState.CANCELLED for _ in carried]
        assert await bench.holding() is not None

    async def test_what_bears_our_id_and_what_went_along_with_it_are_cancelled_together(self, bench: VenueBench) -> None:
        """rules: ORD-09, ORD-11"""
        own = stop("46000", S1)
        await bench.place(entry(E1), [own] if own.leg in bench.exchange.attached_legs(bench.account.venue) else [])
        known = await refused(bench.place(own))

        ended = [await bench.exchange.cancel(bench.account, BTC, S1, travelled(own)) for _ in range(2)]
        await bench.move(Decimal(45_900))

        assert not ended[1]
        assert known in {None, Fault.DUPLICATE_ID}
        assert await bench.state_of(S1, own) is ReportState.CANCELLED
        assert await bench.holding() is not None

    async def test_a_stop_of_another_price_or_side_is_not_what_went_with_an_entry(self, bench: VenueBench) -> None:
        """rules: ORD-04, POS-03"""
        carried = [each for each in (stop("46000", S1),) if each.leg in bench.exchange.attached_legs(bench.account.venue)]
        await bench.place(entry(E1), carried)

        assert await bench.state_of(S2, stop("46000.1", S2)) is None

    async def test_a_stop_stands_before_the_entry_where_it_is_taken_first(self, bench: VenueBench) -> None:
        """rules: ORD-09, POS-11"""
        taken = await refused(bench.place(stop("46000", S1))) is None
        state = await bench.state_of(S1) if taken else None

        await bench.place(entry(E1))
        await bench.move(Decimal(45_900))

        assert taken == bench.exchange.takes_stop_first(bench.account.venue)
        assert (state, await bench.holding() is None) == ((ReportState.LIVE, True) if taken else (None, False))

    async def test_a_short_is_protected_the_other_way_round(self, bench: VenueBench) -> None:
        """rules: ORD-09, SIZ-08"""
        await bench.place(entry(E1, side=Side.SHORT))
        await bench.place(stop("48000", S1, side=Side.SHORT))
        await bench.place(target("46000", T1, side=Side.SHORT))

        await bench.move(Decimal(45_900))

        assert await bench.state_of(T1) is ReportState.FILLED
        assert await bench.state_of(S1) is ReportState.CANCELLED

    async def test_an_exit_closes_and_never_turns_the_position_around(self, bench: VenueBench) -> None:
        """rules: ORD-11"""
        await bench.place(entry(E1))

        report = await bench.exchange.place(bench.account, leave(X1, quantity="0.3"))

        assert sum(fill.quantity for fill in report.fills) == Decimal("0.1")
        assert await bench.holding() is None

    async def test_an_exit_without_a_position_is_refused(self, bench: VenueBench) -> None:
        """rules: ORD-11"""
        with pytest.raises(VenueRefused) as refusal:
            await bench.place(leave(X1))

        assert refusal.value.fault is Fault.REDUCE_ONLY

    async def test_cancelling_is_done_once_and_never_fails(self, bench: VenueBench) -> None:
        """rules: EXC-02"""
        await bench.place(entry(E1))
        await bench.place(stop("46000", S1))

        for client_id in (S1, S1, E1, NEVER):
            await bench.exchange.cancel(bench.account, BTC, client_id)

        assert await bench.state_of(S1) is ReportState.CANCELLED
        assert await bench.state_of(E1) is ReportState.FILLED

    async def test_what_stands_is_told_whoever_sent_it(self, bench: VenueBench) -> None:
        """rules: POS-10"""
        await bench.place(entry(E1))
        await bench.place(stop("46000", S1))
        await bench.place(target("49000", T1))
        await bench.exchange.cancel(bench.account, BTC, T1)

        assert await bench.exchange.open_orders(bench.account) == [OpenOrder(BTC, S1)]

    async def test_readings_follow_the_position(self, bench: VenueBench) -> None:
        """rules: SIZ-02"""
        before = (await bench.exchange.readings([bench.account]))[bench.account.id]
        await bench.place(entry(E1))

        after = (await bench.exchange.readings([bench.account]))[bench.account.id]

        assert before.equity == before.available == Decimal(10_000)
        assert before.margin_in_use == 0
        assert after.margin_in_use > Decimal(469)
        assert after.equity < before.equity
        assert after.available <= after.equity - after.margin_in_use + Decimal(5)

    async def test_rules_and_price_of_a_symbol_are_known(self, bench: VenueBench) -> None:
        """rules: SIZ-07"""
        venue, environment = bench.account.venue, bench.account.environment
        await bench.exchange.readings([bench.account])

        instrument = await bench.exchange.instrument(venue, environment, BTC)
        quote = await bench.exchange.quote(venue, environment, BTC)

        assert instrument is not None
        assert instrument.step > 0
        assert instrument.brackets
        assert await bench.exchange.instrument(venue, environment, Symbol("NOSUCHUSDT")) is None
        assert quote is not None
        assert quote.price == Decimal(47_000)
        assert await bench.exchange.quote(venue, environment, Symbol("NOSUCHUSDT")) is None

    @pytest.mark.parametrize(
        ("ticket", "fault"),
        [
            (entry(E1, quantity="0.00001"), Fault.FILTER),
            (entry(E1, quantity="10"), Fault.INSUFFICIENT_MARGIN),
            (Ticket(E1, Symbol("NOSUCHUSDT"), Side.LONG, Leg.ENTRY, Decimal(1), leverage=1), Fault.SYMBOL_CLOSED),
        ],
    )
    async def test_refusals_have_one_set_of_causes(self, bench: VenueBench, ticket: Ticket, fault: Fault) -> None:
        """rules: EXC-04"""
        with pytest.raises(VenueRefused) as refusal:
            await bench.place(ticket)

        assert refusal.value.fault is fault
        assert await bench.exchange.find(bench.account, ticket.symbol, ticket.client_id) is None

    async def test_changes_are_told_without_being_asked_for_each_order(self, bench: VenueBench) -> None:
        """rules: POS-10"""
        await bench.listen()
        await bench.place(entry(E1))
        await bench.place(stop("46000", S1))
        await bench.move(Decimal(45_900))

        told = await bench.told({S1})
        later = await bench.exchange.changes(100)

        assert S1 in {report.client_id for report in told}
        assert [report for report in later if report not in told] == []

    async def test_nothing_is_against_a_venue_that_answers_in_time(self, bench: VenueBench) -> None:
        """rules: EXC-07, EXC-08"""
        await bench.place(entry(E1))

        standings = await bench.exchange.standings()

        assert [one for one in standings if one.breaker_open or one.until] == []
        assert all(one.skew is None or abs(one.skew) < timedelta(seconds=1) for one in standings)
