"""The workers of a seed, as real processes that are killed at random moments and replaced at once."""

import asyncio
import multiprocessing
import os
import signal
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from cbc_domain.ports.system import Clock
from cbc_entrypoints.settings import Settings
from tests.chaos.crew import NURSERY
from tests.chaos.venues.worker import labour

BETWEEN_KILLS_S: Final = (6.0, 20.0)


class MortalCrew:
    """Mutable because its workers die. `begin` before, and `end` after everything."""

    def __init__(self, settings: Settings, folder: Path, size: int, chance: Random, clock: Clock) -> None:
        self._settings, self._folder, self._size, self._chance, self._clock = settings, folder, size, chance, clock
        self._numbers = count(1)
        self._hands: list[ForkServerProcess] = []
        self.kills: list[datetime] = []
        self.deaths = 0
        """How many died of themselves, which must not be."""
        self._enough = asyncio.Event()
        self.starts: list[float] = []
        """Seconds from a worker's birth to its first work, of those that lived so long."""
        self._starting: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Let them all begin, and wait until they work."""
        for _ in range(self._size):
            await self._start()
        await asyncio.gather(*self._starting)

    async def kill(self, how_many: int) -> None:
        """Kill whoever worked longest, and let others begin in their place."""
        dead = [self._hands.pop(0) for _ in range(how_many)]
        for hand in dead:
            self.deaths += hand.exitcode is not None
            hand.kill()
            self.kills.append(self._clock.now())
        for hand in dead:
            await self._start()
            await asyncio.to_thread(hand.join)
            hand.close()

    async def suffer(self) -> None:
        """Go on dying until it is enough, one at a time: nobody protects within 5 s what only the dead could (POS-11)."""
        while not self._enough.is_set():
            await asyncio.gather(*self._starting)
            try:
                await asyncio.wait_for(self._enough.wait(), self._chance.uniform(*BETWEEN_KILLS_S))
            except TimeoutError:
                await self.kill(1)

    def spare(self) -> None:
        """It is enough."""
        self._enough.set()

    def question(self) -> None:
        """Let each that lives write to its log what it is at."""
        for hand in self._hands:
            if hand.pid is not None:
                os.kill(hand.pid, signal.SIGUSR1)

    def end(self) -> None:
        for hand in self._hands:
            hand.kill()
            hand.join()
            hand.close()
        self._hands.clear()

    async def _start(self) -> None:
        log = self._folder / f"worker-{next(self._numbers)}.log"
        ours, theirs = multiprocessing.Pipe(duplex=False)
        hand = NURSERY.Process(target=labour, args=(self._settings, log, theirs), daemon=True)
        began = monotonic()
        await asyncio.to_thread(hand.start)
        theirs.close()
        self._hands.append(hand)
        task = asyncio.create_task(self._started(hand, ours, began))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _started(self, hand: ForkServerProcess, ready: Connection, began: float) -> None:
        await asyncio.to_thread(ready.poll, None)
        ready.close()
        if hand in self._hands:
            self.starts.append(monotonic() - began)
