"""What goes wrong on the way to a venue and back, through unmodified ccxt."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cbc_adapters.exchange.simulated.faults import (
    Always,
    Break,
    Call,
    Delay,
    Disorder,
    DropBefore,
    Failure,
    FillPart,
    Harm,
    LoseAnswer,
    Nth,
    Refuse,
)
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.exchange import ReportState
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.trading.model import Leg
from tests.integration.exchange.venues.troubled import E1, E2, S1, X1, Troubled, troubled
from tests.strategies.exchange import BTC, entry, leave, stop


@pytest.fixture(params=list(WIRES), ids=str)
async def venue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Troubled]:
    async with troubled(request.param, tmp_path) as bench:
        yield bench


@pytest.mark.parametrize("harm", [LoseAnswer(), Break(500, done=True), Break(502, done=True)], ids=str)
async def test_an_entry_whose_answer_is_lost_is_found(venue: Troubled, harm: Harm) -> None:
    """rules: ORD-04, EXC-01"""
    venue.suffer(Failure(harm, leg=Leg.ENTRY))

    with pytest.raises(OutcomeUnknown):
        await venue.place(entry(E1))
    found = await venue.find(E1)

    assert found is not None
    assert found.state is ReportState.FILLED
    assert await venue.held() == Decimal("0.1")


@pytest.mark.parametrize("harm", [DropBefore(), Break(500), Break(502), Break(503)], ids=str)
async def test_an_entry_that_never_arrived_is_not_there_and_may_be_sent_again(venue: Troubled, harm: Harm) -> None:
    """rules: ORD-04, EXC-01"""
    venue.suffer(Failure(harm, leg=Leg.ENTRY))

    with pytest.raises(OutcomeUnknown):
        await venue.place(entry(E1))
    found = await venue.find(E1)
    sent_again = await venue.place(entry(E1))

    assert found is None
    assert sent_again.state is ReportState.FILLED
    assert await venue.held() == Decimal("0.1")


async def test_a_venue_that_is_asked_too_often_says_when_to_come_back(venue: Troubled) -> None:
    """rules: EXC-01, ORD-04"""
    limit = Refuse(Fault.RATE_LIMIT, retry_after_s=7)
    venue.suffer(Failure(limit, leg=Leg.ENTRY), Failure(limit, Always(), Call.PUBLIC))
    host = next(host for host, environment in WIRES[venue.account.venue]().hosts.items() if environment is Environment.LIVE)

    with pytest.raises((VenueRefused, OutcomeUnknown), match="exchange_error"):
        await venue.place(entry(E1))
    async with venue.web.get(f"https://{host}/") as answer:
        said = answer.headers["Retry-After"]

    with pytest.raises(VenueRefused) as too_early:
        await venue.find(E1)

    assert said == "7"
    assert too_early.value.fault is Fault.RATE_LIMIT
    assert venue.house.order(venue.account.id, client_id=E1) is None


@pytest.mark.parametrize("fault", [Fault.INSUFFICIENT_MARGIN, Fault.MAINTENANCE, Fault.PERMISSION, Fault.CLOCK], ids=str)
async def test_a_refusal_means_that_nothing_was_done(venue: Troubled, fault: Fault) -> None:
    """rules: EXC-05, EXC-01"""
    venue.suffer(Failure(Refuse(fault), leg=Leg.ENTRY))

    with pytest.raises((VenueRefused, OutcomeUnknown)):
        await venue.place(entry(E1))

    assert await venue.find(E1) is None
    assert await venue.held() == 0


async def test_of_a_partial_fill_the_rest_is_cancelled_or_filled_later(venue: Troubled) -> None:
    """rules: ORD-08"""
    venue.suffer(Failure(FillPart(Decimal("0.4")), Nth(frozenset({1, 2})), leg=Leg.ENTRY))

    part = await venue.place(entry(E1))
    await venue.exchange.cancel(venue.account, BTC, E1)
    held = await venue.held()
    await venue.place(entry(E2))
    venue.house.fill_rest(venue.account.id, E2)
    whole = await venue.find(E2)

    assert sum(fill.quantity for fill in part.fills) == held == Decimal("0.04")
    assert part.state is ReportState.PARTIALLY_FILLED
    assert whole is not None
    assert whole.state is ReportState.FILLED
    assert await venue.held() == Decimal("0.14")


async def test_the_rest_of_a_partial_fill_may_come_by_itself(venue: Troubled) -> None:
    """rules: ORD-08, POS-10"""
    venue.suffer(Failure(FillPart(Decimal("0.4"), timedelta(seconds=1)), leg=Leg.ENTRY))
    await venue.listen()

    part = await venue.place(entry(E1))
    told = await venue.told(E1)

    assert part.state is ReportState.PARTIALLY_FILLED
    assert sum(fill.quantity for fill in told[-1].fills) == await venue.held() == Decimal("0.1")


async def test_a_stop_that_is_refused_leaves_a_position_that_can_be_sold(venue: Troubled) -> None:
    """rules: ORD-10"""
    venue.suffer(Failure(Refuse(Fault.FILTER), Nth(frozenset({1})), leg=Leg.STOP))
    await venue.place(entry(E1))

    with pytest.raises(VenueRefused) as refusal:
        await venue.place(stop("46000", S1))
    missing = await venue.find(S1)
    again = await venue.place(stop("46000", S1))
    await venue.place(leave(X1))

    assert refusal.value.fault is Fault.FILTER
    assert missing is None
    assert again.state is ReportState.LIVE
    assert await venue.held() == 0


async def test_a_clock_that_is_off_is_named(venue: Troubled) -> None:
    """rules: EXC-07, EXC-01"""
    venue.house.skew = timedelta(minutes=2)

    with pytest.raises(VenueRefused) as refusal:
        await venue.place(entry(E1))
    venue.house.skew = timedelta(0)

    assert refusal.value.fault is Fault.CLOCK
    assert await venue.find(E1) is None


async def test_a_venue_under_maintenance_answers_nobody_until_it_is_over(venue: Troubled) -> None:
    """rules: EXC-01"""
    now = venue.house.now()
    venue.house.maintenance = [(now, now + timedelta(hours=1))]

    with pytest.raises(VenueRefused):
        await venue.place(entry(E1))
    venue.house.maintenance = [(now - timedelta(hours=1), now)]

    assert (await venue.place(entry(E1))).state is ReportState.FILLED


async def test_an_answer_that_takes_too_long_is_none_and_the_order_stands(
    venue: Troubled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rules: EXC-09, ORD-04"""
    monkeypatch.setattr(venue.exchange._pool._patterns[venue.account.venue, Environment.LIVE], "timeout", 1000)
    venue.suffer(Failure(Delay(timedelta(seconds=1.5)), leg=Leg.ENTRY))

    with pytest.raises(OutcomeUnknown):
        await venue.place(entry(E1))
    before = await venue.find(E1)

    assert before is None
    assert (await venue.appears(E1)).state is ReportState.FILLED


@pytest.mark.parametrize("disorder", [Disorder(repeat_every=1), Disorder(swap_every=2)], ids=str)
async def test_repeated_and_reordered_messages_change_nothing(venue: Troubled, disorder: Disorder) -> None:
    """rules: POS-10"""
    venue.suffer(disorder=disorder)
    await venue.listen()
    await venue.place(entry(E1))
    await venue.place(stop("46000", S1))

    await venue.move("45900")

    told = [*await venue.told(S1), *await venue.exchange.changes(100)]
    latest = {report.client_id: report for report in told}
    assert latest[S1] == await venue.find(S1)
    assert all(report.state is ReportState.FILLED for report in told if report.client_id == E1)
    assert await venue.held() == 0


async def test_a_stream_that_is_cut_comes_back_and_what_it_missed_is_found_by_asking(venue: Troubled) -> None:
    """rules: POS-10, EXC-01"""
    await venue.listen()
    venue.sent_elsewhere(entry(E1))
    await venue.told(E1)
    await venue.place(stop("46000", S1))
    venue.suffer(disorder=Disorder(cut_every=1))

    await venue.move("45900")
    missed = await venue.find(S1)
    venue.suffer()
    await venue.desk.heard_by_venue()
    venue.sent_elsewhere(entry(E2))

    assert missed is not None
    assert missed.state is ReportState.FILLED
    assert S1 not in {report.client_id for report in await venue.told(E2) if report.state is ReportState.FILLED}
