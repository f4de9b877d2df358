"""A member whose equity fell too far from its peak opens nothing more until he says so himself."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.identity.model import Member
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.venues import Environment, Side, Symbol
from cbc_domain.plans.model import PlanCode
from cbc_domain.trading.model import Leg, PositionState
from tests.club import Club, open_club

ETH = Symbol("ETHUSDT")
SOL = Symbol("SOLUSDT")
PAUSED = "drawdown_pause"


@pytest.fixture
async def club() -> Club:
    club = await open_club()
    await club.join()
    await club.market()
    return club


async def lose(club: Club, member: Member, usdt: int) -> None:
    """The member loses money by trades of his own, which is a loss of his account all the same."""
    account = await club.account(member)
    club.venue.accounts[account.id].realised -= usdt


async def asked(club: Club, member: Member, symbol: Symbol) -> list[str]:
    """Why a signal of a coin is not traded for the member."""
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(symbol, Decimal(100), club.clock.now() - timedelta(seconds=10))
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE", symbol)
    await club.jobs()
    return list(await club.reasons(member, receipt))


async def measured(club: Club, member: Member) -> None:
    """Let the platform see the member's equity once."""
    await club.alert("SINAL LONG FORTE", SOL)
    await club.jobs()
    trade = await club.trade(member)
    await club.abandon(member)
    await club.work()
    assert (await club.trade(member)).position.state is PositionState.ABANDONED
    assert trade.position.symbol == SOL


async def paused_in(club: Club, member: Member) -> list[Environment]:
    async with club.store() as work:
        (candidate,) = await work.planning.candidates([member.id], None, club.clock.now(), lock=False)
    return [activity.environment for activity in candidate.activities if activity.drawdown_paused]


async def last_skipped(club: Club) -> Event:
    async with club.store() as work:
        told = await work.outbox.take(10_000)
    return [event for event in told if event.name is EventName.TASK_SKIPPED][-1]


@pytest.mark.parametrize(("lost", "paused"), [(199, []), (200, [Environment.LIVE])])
async def test_a_fifth_of_the_peak_pauses_opens_and_a_little_less_does_not(
    club: Club, lost: int, paused: list[Environment]
) -> None:
    """rules: RSK-01, RSK-02, RSK-03"""
    (member,) = club.members
    await measured(club, member)

    await lose(club, member, lost)
    reasons = await asked(club, member, ETH)

    assert (PAUSED in reasons) == bool(paused)
    assert await paused_in(club, member) == paused


async def test_the_pause_stays_when_the_equity_comes_back_and_is_told_once(club: Club) -> None:
    """rules: RSK-01, RSK-04"""
    (member,) = club.members
    await measured(club, member)
    await lose(club, member, 300)
    assert PAUSED in await asked(club, member, ETH)
    skipped = await last_skipped(club)
    assert skipped.data == {
        "member": str(member.id),
        "reason": "daily_loss_limit",
        "daily_loss_limit.value": "30.0",
        "daily_loss_limit.limit": "10",
        "daily_loss_limit.until": "2026-03-03T03:00:00.000000Z",
        "weekly_loss_limit.value": "30.0",
        "weekly_loss_limit.limit": "25",
        "drawdown_pause.value": "30.0",
        "drawdown_pause.limit": "20",
    }

    await lose(club, member, -300)

    assert await asked(club, member, SOL) == [PAUSED]
    told = [event for event in await club.events(member.id) if event.name is EventName.RISK_PAUSED]
    assert [event.data for event in told] == [{"reason": PAUSED, "limit": "20", "environment": "live"}]


@pytest.mark.parametrize(("stepped_up", "after"), [(False, [PAUSED]), (True, [])])
async def test_only_a_resume_with_step_up_ends_it(club: Club, after: list[str], *, stepped_up: bool) -> None:
    """rules: RSK-01"""
    (member,) = club.members
    await measured(club, member)
    await lose(club, member, 300)
    await asked(club, member, ETH)
    club.clock.advance(by=timedelta(days=8))

    await club.platform.pause_trading()(member.id, paused=False, reason=None, stepped_up=stepped_up)

    assert await asked(club, member, SOL) == after


async def test_after_a_resume_the_next_drawdown_is_measured_from_there(club: Club) -> None:
    """rules: RSK-01, RSK-03"""
    (member,) = club.members
    await measured(club, member)
    await lose(club, member, 300)
    await asked(club, member, ETH)
    club.clock.advance(by=timedelta(days=8))
    await club.platform.pause_trading()(member.id, paused=False, reason=None, stepped_up=True)
    assert PAUSED not in await asked(club, member, SOL)

    await lose(club, member, 141)

    assert PAUSED in await asked(club, member, ETH)
    names = [event.name for event in await club.events(member.id) if event.name.value.startswith("risk.")]
    assert names == [EventName.RISK_PAUSED, EventName.RISK_RESUMED, EventName.RISK_PAUSED]


@pytest.mark.parametrize("moved", ["-500", "5000"])
async def test_moving_money_in_or_out_is_neither_a_loss_nor_a_gain(club: Club, moved: str) -> None:
    """rules: RSK-03"""
    (member,) = club.members
    await measured(club, member)

    club.venue.deposit((await club.account(member)).id, Decimal(moved), club.clock.now())
    assert await asked(club, member, ETH) == []
    await lose(club, member, int((1000 + int(moved)) * 0.21))

    assert await asked(club, member, SOL) == ["daily_loss_limit", PAUSED]


async def test_a_position_that_is_open_is_protected_and_closed_as_planned_through_a_pause(club: Club) -> None:
    """rules: RSK-04, ELG-10"""
    (member,) = club.members
    await measured(club, member)
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await lose(club, member, 300)
    await asked(club, member, ETH)
    assert (await club.at_venue(member)).protected

    await club.price("63000.0")

    trade = await club.trade(member)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, "TP")


async def test_changes_of_plan_and_balance_leave_open_positions_alone(club: Club) -> None:
    """rules: ELG-10, GEN-16"""
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    opened = (await club.trade(member)).position
    async with club.store() as work:
        membership = await work.people.membership(member.id)
        await work.people.save_membership(attrs.evolve(membership, plan=PlanCode.NONE))
        await work.commit()

    await club.price("63000.0")

    closed = (await club.trade(member)).position
    assert closed.terms == opened.terms
    assert (closed.state, closed.close_reason, closed.settlement.value) == (PositionState.CLOSED, "TP", "SETTLED")
    assert "mode_not_available" in await asked(club, member, ETH)


async def test_funding_that_the_venue_took_is_part_of_the_result_and_of_the_charge(club: Club) -> None:
    """rules: ORD-12, POS-12, COM-05"""
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.venue.apply_funding(Symbol("BTCUSDT"), Decimal("0.0001"), club.clock.now())
    club.venue.apply_funding(Symbol("BTCUSDT"), Decimal("-0.0003"), club.clock.now())
    await club.price("63000.0")

    trade = await club.trade(member)
    async with club.store() as work:
        (settled,) = await work.trades.settlements([trade.position.id])
    assert trade.position.funding == -trade.position.size.quantity * 60000 * Decimal("0.0002")
    assert settled.profit == await club.result_at_venue(member)


async def test_funding_is_shared_when_the_member_sells_a_part_himself(club: Club) -> None:
    """rules: POS-10, POS-12, COM-06"""
    (member,) = club.members
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.venue.apply_funding(Symbol("BTCUSDT"), Decimal("0.001"), club.clock.now())
    paid = (await club.trade(member)).position.size.quantity * 60000 * Decimal("0.001")

    await club.by_hand(member, Side.LONG, Leg.EXIT, "0.005")
    await club.reconcile()
    await club.price("63000.0")

    position = (await club.trade(member)).position
    assert position.state is PositionState.CLOSED
    assert position.funding == paid * position.sold / position.size.quantity
