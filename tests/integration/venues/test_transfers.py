"""What members move at the four venues is neither gain nor loss: no limit fires for it, and it hides none."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.server import serving
from cbc_adapters.exchange.simulated.venues.simulation import Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.ids import SignalId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.trading.model import PositionState
from tests.venue_club import REAL, Joined, VenueClub, settings_for, venue_club

BTC, ETH, SOL = SYMBOLS = tuple(Symbol(f"{coin}USDT") for coin in ("BTC", "ETH", "SOL"))
NONE: Final[Mapping[Venue, Sequence[str]]] = dict.fromkeys(REAL, ())


@pytest.fixture
async def club(tmp_path: Path, postgres_url: str) -> AsyncIterator[VenueClub]:
    """One member with 10,000 USDT at each venue, who bought Bitcoin: his equity is measured and read anew next time."""
    simulation = Simulation(SystemClock(), accounts=1)
    async with serving(simulation.server, tmp_path) as served:
        settings = settings_for(served, postgres_url, tmp_path / "data")
        async with venue_club(simulation, settings, dict.fromkeys(REAL, 1)) as club:
            await planned(club, BTC)
            await club.carry_out(protected)
            yield club


def protected(trades: Sequence[Trade]) -> bool:
    return all(trade.position.state is PositionState.PROTECTED for trade in trades)


async def planned(club: VenueClub, symbol: Symbol) -> SignalId:
    for each in SYMBOLS:
        club.simulation.move(each, START_PRICES[each])
    await club.market()
    return await club.plan("SINAL LONG FORTE", symbol, START_PRICES[symbol])


async def refused(club: VenueClub, symbol: Symbol) -> Mapping[Venue, Sequence[str]]:
    """Why a signal of a coin is not traded for the member of each venue."""
    signal = await planned(club, symbol)
    async with club.platform.store()() as work:
        told = {one.venue: await work.signals.decisions(one.member, [signal]) for one in club.joined}
    return {venue: tuple(reason.value for reason in decision.reasons) for venue, (decision,) in told.items()}


def house_of(club: VenueClub, one: Joined) -> House:
    return club.simulation.houses[one.venue, Environment.LIVE]


def moved(club: VenueClub, amount: int) -> None:
    for one in club.joined:
        house = house_of(club, one)
        house.engine.deposit(one.at_venue, Decimal(amount), house.now())


async def later(club: VenueClub) -> None:
    """Let it be an hour since the venues were asked, and so long since balances were read that they are read again."""
    async with club.opened.engine.begin() as connection:
        await connection.execute(text("UPDATE transfer_watches SET asked_at = asked_at - interval '1 hour'"))
    await asyncio.sleep(10)


async def test_no_limit_fires_for_a_withdrawal_and_a_deposit_hides_none(club: VenueClub) -> None:
    """rules: RSK-01, RSK-03, EXC-01"""
    moved(club, -3000)
    after_withdrawal = await refused(club, ETH)
    await later(club)
    moved(club, 5000)
    noted = await club.platform.note_transfers()()
    for one in club.joined:
        house_of(club, one).engine.accounts[one.at_venue].realised -= Decimal(1300)

    after_loss = await refused(club, SOL)

    assert after_withdrawal == NONE
    assert noted == len(REAL)
    assert {venue for venue, reasons in after_loss.items() if "daily_loss_limit" in reasons} == set(REAL)
