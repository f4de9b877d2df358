"""Seeds at the four venues, in a few lanes; every seed has a simulation, a database and workers of its own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from typing import Final

from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from cbc_adapters.persistence.postgres.schema import migrate
from tests.chaos.cast import execute, named
from tests.chaos.crew import NURSERY, warm_up
from tests.chaos.judge import Verdict
from tests.chaos.lanes import Turn, end_with_the_campaign, in_lanes
from tests.chaos.venues.size import VenueSize
from tests.chaos.venues.stage import play

WORKER: Final = "tests.chaos.venues.worker"
TEMPLATE: Final = "venues_before_anybody"
CONNECTIONS: Final = 100
"""For each lane: its club, its workers, and those that have just died."""


def venue_campaign(seeds: Sequence[int], size: VenueSize) -> Iterator[Verdict]:
    """Give each verdict as it comes. Starts a server, and ends everything it started."""
    warm_up(WORKER)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, asyncio.Runner() as runner:
        running = _server(Path(folder) / "pg", CONNECTIONS * size.lanes)
        url = runner.run(running.__aenter__())
        try:
            yield from in_lanes(partial(lane, size, url, NURSERY.Semaphore(size.trading)), seeds, size.lanes, Path(folder))
        finally:
            runner.run(running.__aexit__(None, None, None))


@asynccontextmanager
async def _server(folder: Path, connections: int) -> AsyncIterator[str]:
    async with EmbeddedPostgres(folder, fsync=False, connections=connections).start() as url:
        await execute(url, f"CREATE DATABASE {TEMPLATE}")
        await migrate(named(url, TEMPLATE))
        yield url


def lane(size: VenueSize, url: str, places: Semaphore, seeds: Sequence[int], folder: Path, tell: Connection) -> None:
    # Workers are forked from a server of the lane's own, which has to be told what they need too.
    warm_up(WORKER)
    asyncio.run(_lane(size, url, places, seeds, folder, tell))


async def _lane(size: VenueSize, url: str, places: Semaphore, seeds: Sequence[int], folder: Path, tell: Connection) -> None:
    end_with_the_campaign()
    for seed in seeds:
        place, database = folder / str(seed), f"venues_{seed}"
        place.mkdir()
        await execute(url, f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
        async with Turn(places) as turn:
            verdict = await play(seed, size, named(url, database), place, turn)
        tell.send(verdict)
        await execute(url, f"DROP DATABASE {database} WITH (FORCE)")
