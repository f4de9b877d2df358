"""A worker opens the venues before it takes a task, and only those that somebody trades at."""

import asyncio
import subprocess
import sys
from pathlib import Path

from cbc_adapters.exchange.simulated.venues.server import serving
from cbc_adapters.exchange.simulated.venues.simulation import Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Environment, Venue
from tests.integration.exchange.venues.bench import opened_desk
from tests.integration.exchange.venues.moody import MoodyWire
from tests.strategies.exchange import BTC
from tests.venue_club import REAL, settings_for, venue_club

ON_PAPER = """
import sys
from cbc_domain.kernel.venues import Environment, Venue
from cbc_entrypoints.venues import Venues

Venues(None, None, None, allow_live=False).get_ready({(Venue.PAPER, Environment.PAPER)})
print("ccxt" in sys.modules)
"""


async def test_the_venues_of_all_accounts_are_asked_for_their_rules_first(tmp_path: Path, postgres_url: str) -> None:
    """rules: POS-11, SIZ-07

    In the campaigns at the venues whoever took over from a dead worker took tasks, and then stood still for 0.3 to 0.8 s.
    """
    simulation = Simulation(SystemClock(), accounts=1)
    async with serving(simulation.server, tmp_path) as served:
        settings = settings_for(served, postgres_url, tmp_path / "data")
        async with venue_club(simulation, settings, dict.fromkeys(REAL, 1)) as club:
            venues = club.opened.venues
            assert venues is not None
            exchange = venues.exchange()
            before = await exchange.standings()

            await club.opened.get_ready()

            async with asyncio.timeout(10):
                while len(standings := await exchange.standings()) < len(REAL):
                    await asyncio.sleep(0.01)
            assert not before
            assert {(one.venue, one.environment) for one in standings} == {(venue, Environment.LIVE) for venue in REAL}


async def test_rules_that_are_on_their_way_are_not_asked_for_again(tmp_path: Path) -> None:
    """rules: SIZ-07, EXC-08"""
    wire, market = MoodyWire(), (Venue.BINANCE, Environment.LIVE)
    async with opened_desk(Venue.BINANCE, tmp_path, wire=wire) as desk:
        desk.exchange.get_ready([market])
        desk.exchange.get_ready([market])

        assert await desk.exchange.instrument(*market, BTC) is not None
        assert wire.arrived["/fapi/v1/exchangeInfo"] == 1


def test_whoever_trades_on_paper_alone_opens_none() -> None:
    """rules: EXC-01"""
    run = subprocess.run([sys.executable, "-c", ON_PAPER], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"
