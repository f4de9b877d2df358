"""Funding is asked for where it was paid, and what everybody may know is asked for once: unmodified ccxt against a venue."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cbc_domain.kernel.venues import Side, Venue
from cbc_domain.ports.exchange import ClosedResult
from tests.integration.exchange.venues.bench import Desk, opened_desk
from tests.integration.exchange.venues.moody import DOWN, MoodyWire
from tests.strategies.exchange import BTC, entry, leave

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HALF = timedelta(minutes=30)
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
RATE = Decimal("0.0001")
FUNDINGS, INCOME, TRADES = "/fapi/v1/fundingRate", "/fapi/v1/income", "/fapi/v1/userTrades"


class Traded:
    """A long of one Bitcoin, held from 11:30 to 12:30 unless told; the net result is what the venue booked."""

    def __init__(self, desk: Desk, wire: MoodyWire) -> None:
        self.desk, self.wire = desk, wire
        self.since, self.until = NOON - HALF, NOON + HALF

    def trade(self, *due: datetime) -> None:
        """Open, have funding fall `due`, and close."""
        engine, account = self.desk.house.engine, self.desk.account.id
        engine.place(account, entry("e1", "1"), self.since)
        for at in due:
            engine.apply_funding(BTC, RATE, at)
        engine.place(account, leave("x1", "1"), self.until)

    @property
    def net(self) -> Decimal:
        return self.desk.house.engine.accounts[self.desk.account.id].closings[-1].net

    async def told(self) -> ClosedResult | None:
        return await self.desk.exchange.closed_result(self.desk.account, BTC, Side.LONG, self.since, self.until)

    async def told_often(self, times: int) -> list[Decimal]:
        found = await asyncio.gather(*(self.told() for _ in range(times)))
        return [one.net for one in found if one is not None]


@pytest.fixture
async def traded(tmp_path: Path) -> AsyncIterator[Traded]:
    wire = MoodyWire()
    async with opened_desk(Venue.BINANCE, tmp_path, wire=wire) as desk:
        await desk.exchange.instrument(Venue.BINANCE, desk.account.environment, BTC)
        yield Traded(desk, wire)


async def test_an_hour_without_funding_is_asked_for_once_and_no_payment_at_all(traded: Traded) -> None:
    """rules: COM-05, EXC-08

    In seeds 366 and 368 of the campaign at the venues, played around five o'clock, 30 of the 35 that a result weighs were for
    funding that nobody paid: 27 trades were not settled within 150 s.
    """
    traded.trade()

    assert await traded.told_often(30) == [traded.net] * 30
    assert (traded.wire.arrived[FUNDINGS], traded.wire.arrived[INCOME]) == (1, 0)


async def test_funding_that_fell_due_is_in_the_result(traded: Traded) -> None:
    """rules: COM-05, POS-12"""
    traded.trade(NOON)

    assert await traded.told_often(3) == [traded.net] * 3
    assert (traded.wire.arrived[FUNDINGS], traded.wire.arrived[INCOME]) == (1, 3)


@pytest.mark.parametrize("seconds", [-15, 15])
async def test_funding_may_be_taken_a_little_before_and_after_its_hour(traded: Traded, seconds: int) -> None:
    """rules: COM-05"""
    traded.since, traded.until = NOON - timedelta(seconds=16), NOON + timedelta(seconds=16)
    traded.trade(NOON + timedelta(seconds=seconds))

    assert await traded.told_often(1) == [traded.net]


async def test_a_venue_that_does_not_tell_when_is_asked_what_was_paid(traded: Traded) -> None:
    """rules: COM-05

    It is not asked again for each of many results.
    """
    traded.trade(NOON)
    traded.wire.instead[FUNDINGS] = DOWN

    assert await traded.told_often(5) == [traded.net] * 5
    assert (traded.wire.arrived[FUNDINGS], traded.wire.arrived[INCOME]) == (1, 5)


async def test_an_hour_that_has_just_struck_may_still_be_spoken_of(traded: Traded) -> None:
    """rules: COM-05"""
    now = traded.desk.house.now()
    struck = now.replace(minute=0, second=0, microsecond=0)
    traded.since, traded.until = struck - HALF, max(now, struck + timedelta(seconds=1))
    traded.trade()

    assert await traded.told_often(1) == [traded.net]
    assert (traded.wire.arrived[INCOME] == 1) == (now - struck < timedelta(minutes=5))


async def test_within_eight_hours_funding_always_fell_due(traded: Traded) -> None:
    """rules: COM-05"""
    traded.until = traded.since + 8 * HOUR
    traded.trade(NOON + 4 * HOUR)

    assert await traded.told_often(2) == [traded.net] * 2
    assert (traded.wire.arrived[FUNDINGS], traded.wire.arrived[INCOME]) == (0, 2)


async def test_what_was_held_for_weeks_is_told_week_by_week(traded: Traded) -> None:
    """rules: COM-05, POS-10"""
    traded.until = traded.since + 2 * WEEK + HOUR
    traded.trade(NOON, NOON + WEEK)

    assert await traded.told_often(1) == [traded.net]
    assert traded.wire.arrived[TRADES] == 3


async def test_an_ending_is_told_though_the_venues_clock_is_ahead_of_ours(traded: Traded) -> None:
    """rules: POS-10, EXC-07"""
    desk, now = traded.desk, traded.desk.house.now()
    traded.since, traded.until = now + timedelta(seconds=1), now + timedelta(seconds=3)
    traded.trade()

    ending = await desk.exchange.ending(desk.account, BTC, Side.LONG, traded.since)

    assert ending is not None
    assert ending.at == traded.until.replace(microsecond=traded.until.microsecond // 1000 * 1000)
