"""What members and staff can read about a trade: previews, the story behind a row, and whether all is well."""

from datetime import timedelta
from uuid import UUID

import pytest

from cbc_adapters.exchange.simulated.faults import Always, Failure, FaultPlan, Refuse
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.venues import Environment, Side
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg, Ordered
from cbc_domain.trading.steps import Settled
from cbc_domain.trading.telling import step_name
from tests.club import BTC, open_club


async def test_a_preview_is_the_trade_that_the_signal_then_makes() -> None:
    """rules: CFG-09, SIZ-11"""
    club = await open_club()
    member = await club.join()
    await club.market()

    preview = await club.platform.preview_trade()(member.id, BTC, Side.LONG, None)
    assert (await club.at_venue(member)).entries == 0
    await club.alert("SINAL LONG FORTE")
    await club.work()

    assert isinstance(preview.part, Ordered)
    assert preview.part.position.size == (await club.trade(member)).position.size
    assert preview.fee_at_target == Money(23_63, BRL)


async def test_the_story_of_a_trade_is_told_from_its_signal_to_its_journal() -> None:
    """rules: GEN-17, BAL-13"""
    club = await open_club()
    member = await club.join()
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price("62000")
    trade = await club.trade(member)

    explain = club.platform.explain()
    by_position = await explain(str(trade.position.id))
    (story,) = by_position.receipts
    settled = story.steps[-1]

    names = [step_name(step) for step in story.steps]
    assert {"received", "decided", "planned", "sent", "acknowledged", "filled", "protected", "closed"} <= set(names)
    assert isinstance(settled, Settled)
    for subject in (trade.orders[0].client_id, str(trade.orders[1].id), str(receipt.signal)):
        assert [list(told.steps) for told in (await explain(subject)).receipts] == [list(story.steps)]
    by_journal = await explain(str(settled.journal))
    assert (by_journal.receipts, by_journal.posting and by_journal.posting.journal.kind) == ([story], "commission")
    for nothing in ("nothing of ours", str(UUID(int=1))):
        with pytest.raises(NotFound):
            await explain(nothing)


async def test_somebody_elses_position_is_not_there() -> None:
    """rules: ROL-06"""
    club = await open_club()
    member, other = await club.join(), await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    position = (await club.trade(member)).position.id

    assert (await club.platform.show_trading().position(member.id, position)).trade.position.id == position
    with pytest.raises(NotFound):
        await club.platform.show_trading().position(other.id, position)


async def test_results_of_live_and_rehearsal_never_meet_in_one_figure() -> None:
    """rules: GEN-13"""
    club = await open_club()
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price("62000")
    show = club.platform.show_trading()

    live = await show.performance(member.id, Environment.LIVE, None, None)
    rehearsal = await show.performance(member.id, Environment.TESTNET, None, None)

    assert (live.trades, rehearsal.trades) == (1, 0)


async def test_a_position_bare_for_more_than_five_seconds_is_counted() -> None:
    """rules: POS-11, OPS-01"""
    club = await open_club(faults=FaultPlan([Failure(Refuse(Fault.RATE_LIMIT), Always(), leg=Leg.STOP)]))
    await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.platform.place_orders()()
    check = club.platform.check_invariants()
    assert (await check()).holds

    club.clock.advance(by=timedelta(seconds=6))
    assert (await check()).unprotected == 1
    await club.work()

    assert (await check()).holds


async def test_readiness_names_each_part_and_the_age_of_what_it_tells() -> None:
    """rules: OPS-01, GEN-12"""
    club = await open_club()
    before = {part.name: part.state for part in (await club.platform.check_readiness()()).parts}
    await club.market()
    club.clock.advance(by=timedelta(seconds=90))

    after = {part.name: (part.state, part.age_s) for part in (await club.platform.check_readiness()()).parts}

    assert before == {"database": "ok", "queue": "ok", "market": "unknown", "books": "unknown"}
    assert after["market"] == ("ok", 90)
