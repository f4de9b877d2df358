"""Seeds one after the other in a few lanes, each a process that owns its seeds' venue, clock and workers."""

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import attrs

from tests.chaos.cast import Server, engage, server_with_cast
from tests.chaos.crew import NURSERY, warm_up
from tests.chaos.database import MortalServer
from tests.chaos.judge import Verdict
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
            yield from _in_lanes(seeds, size, shared, Path(folder))
        finally:
            runner.run(running.__aexit__(None, None, None))


def _in_lanes(seeds: Sequence[int], size: Size, shared: Server, folder: Path) -> Iterator[Verdict]:
    lanes: dict[Connection, ForkServerProcess] = {}
    for number in range(min(size.lanes, len(seeds))):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        own = folder / f"lane{number}"
        own.mkdir()
        process = NURSERY.Process(target=lane, args=(seeds[number :: size.lanes], size, shared, own, theirs))
        process.start()
        theirs.close()
        lanes[ours] = process
    try:
        while lanes:
            for ready in wait(list(lanes)):
                assert isinstance(ready, Connection)
                try:
                    yield ready.recv()
                except EOFError:
                    lanes.pop(ready).join()
    finally:
        for process in lanes.values():
            process.kill()


def lane(seeds: Sequence[int], size: Size, shared: Server, folder: Path, tell: Connection) -> None:
    # Workers are forked from a server of the lane's own, which has to be told what they need too.
    warm_up()
    asyncio.run(_lane(seeds, size, shared, folder, tell))


async def _lane(seeds: Sequence[int], size: Size, shared: Server, folder: Path, tell: Connection) -> None:
    _end_with_the_campaign()
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


def _end_with_the_campaign() -> None:
    """Whoever is killed takes its lanes along: without a database they would wait for one, seed after seed."""
    campaign = multiprocessing.parent_process()
    if campaign is not None:
        asyncio.get_running_loop().add_reader(campaign.sentinel, os._exit, 1)


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
