"""After a kill at any point the receipt says no more than what is so, and what it waits for; in the end it tells all of it."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import SignalId
from cbc_domain.trading import steps
from cbc_domain.trading.model import Leg
from cbc_domain.trading.receipt import Awaited, Outcome, Receipt
from tests.club import Club, open_club
from tests.integration.application.test_killed_workers import CLOSING, OPENING, killed


async def told(club: Club, member: Member, signal: SignalId) -> Receipt:
    (receipt,) = await club.platform.show_receipts().own(member, signal)
    return receipt


async def filled_at_venue(club: Club, member: Member) -> dict[str, Decimal]:
    """How much of each order that reached the venue was filled, by client order id."""
    account = club.venue.accounts[(await club.account(member)).id]
    return {order.ticket.client_id: order.quantity - order.rest for order in account.orders.values()}


async def says_no_more_than_is_so(club: Club, member: Member, receipt: Receipt, leg: Leg) -> None:
    """And an order of `leg` that the venue has is told as sent."""
    there = await filled_at_venue(club, member)
    for step in receipt.steps:
        if isinstance(step, steps.Acknowledged):
            assert step.order in there
        if isinstance(step, steps.Filled):
            assert step.filled == there[step.order]
        if isinstance(step, steps.Protected):
            venue = await club.at_venue(member)
            assert venue.flat or (venue.stops and venue.targets)
    sent = {step.order for step in receipt.steps if isinstance(step, steps.Sent)}
    assert {name for name in there if name.startswith(f"cbc{leg}")} <= sent


@pytest.mark.parametrize("point", OPENING)
async def test_the_receipt_of_an_opening_is_true_after_a_kill(
    store: PostgresStore, postgres_url: str, tmp_path: Path, point: str
) -> None:
    """rules: ORD-02, ORD-04, PRI-06, GEN-17"""
    journal = tmp_path / "venue.jsonl"
    club = await open_club(store=store, journal=journal)
    member = await club.join()
    await club.market()
    signal = (await club.alert("SINAL LONG FORTE")).signal
    await club.jobs()
    planned = await told(club, member, signal)

    await killed(club, postgres_url, journal, point)
    between = await told(club, member, signal)
    await says_no_more_than_is_so(club, member, between, Leg.ENTRY)
    await club.work()
    after = await told(club, member, signal)

    assert planned.waits is not None
    assert (planned.outcome, planned.waits.awaited) == (Outcome.OPENING, Awaited.TURN)
    assert between.waits is not None
    assert (between.outcome, between.waits.awaited) in {
        (Outcome.OPENING, Awaited.ANSWER),
        (Outcome.OPENING, Awaited.PROTECTION),
        (Outcome.OPEN, Awaited.END),
    }
    assert after.waits is not None
    assert (after.outcome, after.waits.awaited) == (Outcome.OPEN, Awaited.END)
    (entry,) = [step for step in after.steps if isinstance(step, steps.Sent) and step.leg is Leg.ENTRY]
    assert entry.attempts == 2
    assert list(between.steps[:3]) == list(after.steps[:3]) == list(planned.steps)
    club.venue.close()


@pytest.mark.parametrize("point", CLOSING)
async def test_the_receipt_of_a_close_is_true_after_a_kill(
    store: PostgresStore, postgres_url: str, tmp_path: Path, point: str
) -> None:
    """rules: ORD-04, PRI-06, POS-06, SIG-22"""
    journal = tmp_path / "venue.jsonl"
    club = await open_club(store=store, journal=journal)
    member = await club.join()
    await club.market()
    opened = (await club.alert("SINAL LONG FORTE")).signal
    await club.work()
    club.clock.advance(by=timedelta(seconds=30))
    closing = (await club.alert("FECHE LONG")).signal
    await club.jobs()

    await killed(club, postgres_url, journal, point)
    for signal in (opened, closing):
        between = await told(club, member, signal)
        await says_no_more_than_is_so(club, member, between, Leg.EXIT)
        assert between.waits is not None
        assert between.waits.awaited in {Awaited.EXIT, Awaited.SETTLEMENT}
    await club.work()

    for signal in (opened, closing):
        after = await told(club, member, signal)
        assert (after.outcome, after.waits) == (Outcome.SETTLED, None)
        (asked,) = [step for step in after.steps if isinstance(step, steps.CloseAsked)]
        assert (asked.signal, asked.reason, asked.attempts) == (closing, "SIGNAL", 2)
        assert isinstance(after.steps[-1], steps.Settled)
    club.venue.close()
