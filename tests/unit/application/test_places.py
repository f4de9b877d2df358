"""Places and blocks: how many positions a member may have, and when a coin is free again."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.trading.model import PositionState
from tests.club import BTC, open_club
from tests.rulebook import cases

ETH, SOL = Symbol("ETHUSDT"), Symbol("SOLUSDT")


@pytest.mark.parametrize("case", cases("coin_block_cases"))
async def test_a_coin_is_free_again_when_its_block_is_over(case: Mapping[str, Any]) -> None:
    """rules: POS-20, GEN-07"""
    given = case["input"]
    club = await open_club()
    member, other = await club.join(), await club.join()
    async with club.store() as work:
        await work.configuration.set_switch("coin_block_minutes", given["block_minutes"], "test", "a case", club.clock.now())
        await work.commit()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()
    await club.abandon(other)
    await club.work()
    club.clock.advance(by=timedelta(seconds=5))
    await club.alert("FECHE LONG")
    await club.work()

    closed_at = (await club.trade(member)).position.closed_at
    assert closed_at is not None
    club.clock.advance(to=closed_at + timedelta(milliseconds=int(Decimal(given["minutes_since_close"]) * 60_000)))
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE", symbol=BTC if given["same_coin"] else ETH)
    await club.work()

    asked = member if given["same_member"] else other
    reasons = await club.reasons(asked, receipt)
    if given["same_environment"]:
        assert reasons == ([] if case["expect"] == "free" else [case["expect"]])
    else:
        async with club.store() as work:
            (candidate,) = await work.planning.candidates([asked.id], None, club.clock.now(), lock=False)
        blocked = {one.environment: bool(one.blocked_coins) for one in candidate.activities}
        assert [environment for environment, is_blocked in blocked.items() if is_blocked] == ["live"]


async def test_the_last_place_goes_to_one_of_two_signals() -> None:
    """rules: ELG-05, POS-03"""
    club = await open_club()
    member = await club.join(wishes={"max_open_positions": 1})
    await club.market()

    first = await club.alert("SINAL LONG FORTE")
    second = await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.work()

    assert await club.reasons(member, first) == []
    assert await club.reasons(member, second) == ["position_limit"]
    assert set((await club.at_venue(member)).held) == {(BTC, Side.LONG)}


async def test_two_places_are_filled_and_the_third_signal_finds_none() -> None:
    """rules: ELG-05, RSK-01"""
    club = await open_club()
    member = await club.join(equity="3000")
    await club.market()

    for symbol in (BTC, ETH):
        await club.alert("SINAL LONG FORTE", symbol=symbol)
    third = await club.alert("SINAL LONG FORTE", symbol=SOL)
    await club.work()

    assert await club.reasons(member, third) == ["position_limit"]
    assert [trade.position.state for trade in await club.trades(member)] == [PositionState.PROTECTED] * 2


async def test_margin_of_a_task_in_flight_is_not_spent_twice() -> None:
    """rules: ELG-05, SIZ-05"""
    club = await open_club()
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.alert("SINAL LONG FORTE", symbol=ETH)

    await club.jobs()

    first, second = [trade.position.size for trade in await club.trades(member)]
    assert first.notional == Decimal(1500)
    assert second.notional == Decimal(1050)
    await club.work()
    assert len((await club.at_venue(member)).held) == 2


async def test_the_same_signal_twice_is_one_position() -> None:
    """rules: SIG-30, ARC-06"""
    club = await open_club()
    member = await club.join()
    await club.market()

    first, second = await club.alert("SINAL LONG FORTE"), await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.platform.plan_orders()(first.signal)
    await club.work()

    assert (first.duplicate, second.duplicate) == (False, True)
    assert (await club.at_venue(member)).entries == 1
