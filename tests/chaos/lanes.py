"""Seeds in a few lanes, each a process that plays its own one after the other and tells every verdict as it comes."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Semaphore
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.chaos.crew import NURSERY
from tests.chaos.judge import Verdict

Lane = Callable[[Sequence[int], Path, Connection], None]
"""Plays seeds in a folder of its own. It runs in another process, so it has to be pickled."""


def in_lanes(lane: Lane, seeds: Sequence[int], lanes: int, folder: Path) -> Iterator[Verdict]:
    """Give each verdict as it comes; whoever stops asking ends the lanes."""
    running: dict[Connection, ForkServerProcess] = {}
    for number in range(min(lanes, len(seeds))):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        own = folder / f"lane{number}"
        own.mkdir()
        process = NURSERY.Process(target=lane, args=(seeds[number::lanes], own, theirs))
        process.start()
        theirs.close()
        running[ours] = process
    try:
        while running:
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                try:
                    yield ready.recv()
                except EOFError:
                    running.pop(ready).join()
    finally:
        for process in running.values():
            process.kill()


class Turn:
    """One of the `places` that all lanes share; mutable because it is taken and passed on."""

    def __init__(self, places: Semaphore) -> None:
        self._places, self._taken = places, False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._places.acquire)
        self._taken = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pass_on()

    def pass_on(self) -> None:
        """Let the next one in, before the context is left; harmless to repeat."""
        if self._taken:
            self._taken = False
            self._places.release()


def end_with_the_campaign() -> None:
    """Whoever is killed takes its lanes along: without a database they would wait for one, seed after seed."""
    campaign = multiprocessing.parent_process()
    if campaign is not None:
        asyncio.get_running_loop().add_reader(campaign.sentinel, os._exit, 1)
