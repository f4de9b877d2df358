"""A worker that is killed at any point leaves what the next one needs: nothing is bought twice and nothing stays bare."""

import asyncio
import signal
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.venues import Side
from cbc_domain.trading.model import CloseReason, PositionState
from tests.club import BTC, Club, open_club
from tests.fragile import FragileExchange

ROOT: Final = Path(__file__).parents[3]
WORKER: Final = "tests.integration.application.doomed_worker"
OPENING: Final = ["before:1", *(f"after:{number}" for number in range(1, 8))]
CLOSING: Final = ["before:1", *(f"after:{number}" for number in range(1, 6))]
"""Each point is after a call, so that a kill before the next one is the same."""


async def killed(club: Club, url: str, journal: Path, point: str) -> None:
    """Let a worker process take the due tasks and be killed at a point; then its tasks and the venue are free at once."""
    club.venue.close()
    arguments = ["-m", WORKER, url, str(journal), club.clock.now().isoformat(), point]
    worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
    assert await worker.wait() == -signal.SIGKILL
    await tasks_are_free(club)
    club.venue = SimulatedVenue(DEMONSTRATION, journal_file=journal)
    exchange = FragileExchange(club.venue, club.clock, None)
    club.platform.exchange.override(exchange)


async def tasks_are_free(club: Club) -> None:
    async with asyncio.timeout(5):
        while True:
            async with club.store() as unit:
                if (await unit.lane.backlog(club.clock.now())).due:
                    return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("point", OPENING)
async def test_a_worker_killed_while_it_opens_leaves_one_entry_that_the_next_one_protects(
    store: PostgresStore, postgres_url: str, tmp_path: Path, point: str
) -> None:
    """rules: PRI-06, ORD-02, ORD-03, ORD-04"""
    journal = tmp_path / "venue.jsonl"
    club = await open_club(store=store, journal=journal)
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.jobs()

    await killed(club, postgres_url, journal, point)
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert venue.entries == 1
    assert venue.held == {(BTC, Side.LONG): Decimal("0.025")}
    assert venue.protected
    assert trade.position.state is PositionState.PROTECTED
    assert (venue.stops, venue.targets) == ([trade.position.stop_loss], [trade.position.take_profit])
    club.venue.close()


@pytest.mark.parametrize("point", CLOSING)
async def test_a_worker_killed_while_it_closes_leaves_a_position_that_the_next_one_ends_once(
    store: PostgresStore, postgres_url: str, tmp_path: Path, point: str
) -> None:
    """rules: PRI-06, POS-06, SIG-22"""
    journal = tmp_path / "venue.jsonl"
    club = await open_club(store=store, journal=journal)
    member = await club.join()
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    club.clock.advance(by=timedelta(seconds=30))
    await club.alert("FECHE LONG")
    await club.jobs()

    await killed(club, postgres_url, journal, point)
    await club.work()

    trade, venue = await club.trade(member), await club.at_venue(member)
    assert venue.flat
    assert (venue.entries, venue.exits) == (1, 1)
    assert (trade.position.state, trade.position.close_reason) == (PositionState.CLOSED, CloseReason.SIGNAL)
    assert trade.position.sold == trade.position.bought
    assert all(order.state.final for order in trade.orders)
    assert (await club.platform.check_invariants()()).holds
    club.venue.close()
