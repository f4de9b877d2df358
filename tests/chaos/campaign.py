"""Seeds one after the other in a few lanes, each a process that owns its seeds' venue, clock and workers."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import attrs

from tests.chaos.cast import Server, engage, server_with_cast
from tests.chaos.crew import warm_up
from tests.chaos.database import MortalServer
from tests.chaos.judge import Verdict
from tests.chaos.lanes import end_with_the_campaign, in_lanes
from tests.chaos.script import restarts
from tests.chaos.stage import play


@attrs.frozen
class Size:
    """How large a seed is, and how many go on at once."""

    signals: int = 20
    members: int = 20
    workers: int = 2
    lanes: int = 2


def campaign(seeds: Sequence[int], size: Size) -> Iterator[Verdict]:
    """Give each verdict as it comes. Starts a server, and ends everything it started."""
    warm_up()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder, asyncio.Runner() as runner:
        running = server_with_cast(Path(folder) / "pg", size.members, durable=False)
        shared = runner.run(running.__aenter__())
        try:
            yield from in_lanes(partial(lane, size, shared), seeds, size.lanes, Path(folder))
        finally:
            runner.run(running.__aexit__(None, None, None))


def lane(size: Size, shared: Server, seeds: Sequence[int], folder: Path, tell: Connection) -> None:
    # Workers are forked from a server of the lane's own, which has to be told what they need too.
    warm_up()
    asyncio.run(_lane(seeds, size, shared, folder, tell))


async def _lane(seeds: Sequence[int], size: Size, shared: Server, folder: Path, tell: Connection) -> None:
    end_with_the_campaign()
    async with AsyncExitStack() as stack:
        killed: Mortal | None = None
        for seed in seeds:
            place = folder / str(seed)
            place.mkdir()
            if restarts(seed) and killed is None:
                killed = await stack.enter_async_context(mortal_server(folder / "pg", size.members))
            mortal = killed if restarts(seed) else None
            server = mortal.server if mortal else shared
            async with server.copy(f"seed_{seed}") as url:
                restart = mortal.restart if mortal else None
                tell.send(await play(seed, size.signals, size.workers, server.cast, url, place, restart))


@attrs.frozen
class Mortal:
    server: Server
    process: MortalServer

    async def restart(self) -> None:
        await self.process.kill()
        await self.process.start()


@asynccontextmanager
async def mortal_server(folder: Path, members: int) -> AsyncIterator[Mortal]:
    """A server of its own that writes to the disk, because it will be killed."""
    process = MortalServer(folder)
    url = await process.start()
    try:
        yield Mortal(Server(url, await engage(url, members)), process)
    finally:
        await process.stop()
