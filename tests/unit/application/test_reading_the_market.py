"""The market is judged as it stands at the moment of the question, from the readings that matter."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_domain.application.market.observe_market import MARKET
from cbc_domain.kernel.events import EventName
from cbc_domain.market.model import Direction, Dominance, FearGreed, MarketCode, MarketReading, Observation, Pulse
from cbc_domain.risk.model import Stop, StopLevel, StopScope
from tests.club import Club, open_club

FIVE_MINUTES = timedelta(minutes=5)


def observed(club: Club, index: int = 55, pm_plus: str = "70", delta: str = "1.2", share: str | None = None) -> Observation:
    now = club.clock.now()
    dominance = Decimal(share) if share else None
    return Observation(now, FearGreed(index, now, now), Pulse(Decimal(pm_plus), Decimal(delta), 100, now), dominance)


async def now(club: Club) -> MarketReading:
    return await club.platform.show_trading().market()


async def test_a_pulse_that_has_become_old_is_unknown_without_anybody_writing_it() -> None:
    """rules: MKT-02, MKT-10, GEN-12"""
    club = await open_club()
    await club.market()
    assert (await now(club)).direction is Direction.LONG_ONLY

    club.clock.advance(by=timedelta(seconds=601))

    assert (await now(club)).code is MarketCode.PULSE_UNKNOWN


@pytest.mark.parametrize(("hours", "code"), [(1, MarketCode.FG_EXTREME_FEAR), (24, MarketCode.FG_EXTREME_FEAR)])
async def test_an_extreme_index_decides_alone_for_a_day_when_nothing_else_is_read(hours: int, code: MarketCode) -> None:
    """rules: MKT-01, MKT-10"""
    club = await open_club()
    await club.market(index=20)

    club.clock.advance(by=timedelta(hours=hours))

    assert (await now(club)).code is code


async def test_after_a_day_the_index_is_unknown_and_nothing_may_be_opened() -> None:
    """rules: MKT-01, GEN-14"""
    club = await open_club()
    await club.market(index=20)

    club.clock.advance(by=timedelta(hours=24, seconds=1))

    assert (await now(club)).direction is Direction.NONE


@pytest.mark.parametrize(("minutes", "halved"), [(15, True), (30, True), (45, True), (48, True), (49, False)])
async def test_a_direction_that_turned_within_three_quarters_of_an_hour_halves_the_size(minutes: int, *, halved: bool) -> None:
    """rules: MKT-21, SIZ-03"""
    club = await open_club()
    await club.platform.observe_market()([observed(club, pm_plus="30", delta="-1.2")])
    club.clock.advance(by=timedelta(minutes=minutes))

    (reading,) = await club.platform.observe_market()([observed(club)])

    assert reading.divergence is halved
    assert (await now(club)).divergence is halved


async def test_dominance_is_compared_with_the_day_before() -> None:
    """rules: MKT-30"""
    club = await open_club()
    await club.platform.observe_market()([observed(club, share="51.0")])
    for _ in range(3):
        club.clock.advance(by=timedelta(hours=8))
        (reading,) = await club.platform.observe_market()([observed(club, share="52.0")])

    assert reading.dominance is Dominance.SHORT_ALTS
    assert (await now(club)).dominance is Dominance.SHORT_ALTS


async def test_many_observations_at_once_are_judged_like_one_after_the_other() -> None:
    """rules: MKT-21, MKT-31"""
    club = await open_club()
    series = []
    for pm_plus, delta in (("30", "-1.2"), ("50", "0"), ("50", "0"), ("70", "1.2")):
        series.append(observed(club, pm_plus=pm_plus, delta=delta))
        club.clock.advance(by=FIVE_MINUTES)
    together = await club.platform.observe_market()(series)

    one_by_one = [(await club.platform.observe_market()([observation]))[0] for observation in series]

    assert list(together) == one_by_one
    assert together[-1].divergence


async def test_under_ai_direction_only_a_neutral_market_opens_nothing() -> None:
    """rules: MKT-12"""
    club = await open_club()
    member = await club.join()
    async with club.store() as work:
        await work.configuration.set_switch("neutral_market_policy", "ai_direction_only", "t", "a choice", club.clock.now())
        await work.commit()
    await club.market(pm_plus="50", vwdelta="0")

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    assert await club.reasons(member, receipt) == ["direction_not_allowed"]


async def test_a_turn_of_the_direction_is_told_once() -> None:
    """rules: MKT-32, ARC-07"""
    club = await open_club()
    await club.market()
    club.clock.advance(by=FIVE_MINUTES)
    await club.market()
    club.clock.advance(by=FIVE_MINUTES)

    await club.market(pm_plus="30", vwdelta="-1.2")

    (turn,) = await club.events(MARKET)
    assert (turn.name, turn.data) == (EventName.DIRECTION_CHANGED, {"from": "SOMENTE_LONG", "to": "SOMENTE_SHORT"})


async def test_a_market_that_cannot_be_read_pauses_all_opens_until_a_person_resumes_them() -> None:
    """rules: MKT-33, RSK-22, GEN-14"""
    club = await open_club()
    member = await club.join()
    await club.market()
    for _ in range(3):
        club.clock.advance(by=FIVE_MINUTES)
        await club.market(index=None)
    await club.platform.watch_risks()()
    stopped_in_time = await stops(club)
    club.clock.advance(by=timedelta(seconds=1))
    await club.platform.watch_risks()()
    club.clock.advance(by=FIVE_MINUTES)
    await club.market()

    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()

    (stop,) = await stops(club)
    assert stopped_in_time == []
    assert (stop.scope, stop.level, stop.actor) == (StopScope.GLOBAL, StopLevel.PAUSE, "system")
    assert await club.reasons(member, receipt) == ["emergency_stop"]


async def test_a_pause_that_a_person_made_is_not_replaced() -> None:
    """rules: MKT-33"""
    club = await open_club()
    made = Stop(StopScope.GLOBAL, None, StopLevel.FLATTEN, "a person decided so", "operator", club.clock.now())
    async with club.store() as work:
        await work.configuration.set_stop(made)
        await work.commit()

    await club.market()
    for _ in range(6):
        club.clock.advance(by=FIVE_MINUTES)
        await club.market(index=None)
        await club.platform.watch_risks()()

    assert await stops(club) == [made]


async def stops(club: Club) -> list[Stop]:
    async with club.store() as work:
        return list(await work.configuration.stops())
