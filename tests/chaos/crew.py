"""The workers of one seed, as real processes: forked from a server that has imported everything already."""

import asyncio
import multiprocessing
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Final

import attrs

from cbc_domain.ports.system import Clock
from tests.chaos.worker import Alert, Answer, Place, live

NURSERY: Final = multiprocessing.get_context("forkserver")
REPLACED_AFTER: Final = timedelta(seconds=1)
"""How long after a death the next worker begins, in stepped time."""

MOST_DEATHS: Final = 60


def warm_up(module: str = "tests.chaos.worker") -> None:
    """Let the server import what every worker needs; before anything else is started."""
    multiprocessing.set_forkserver_preload([module])


@attrs.define(eq=False)
class Hand:
    """One worker; mutable because a worker dies. `answers` are those that are waited for."""

    process: ForkServerProcess
    line: Connection
    answers: dict[int, asyncio.Future[Answer | None]] = attrs.field(factory=dict)


class Crew:
    """Keeps `size` workers alive; mutable because they die and are replaced."""

    def __init__(self, place: Place, clock: Clock, size: int) -> None:
        self._place, self._clock, self._size = place, clock, size
        self._hands: list[Hand] = []
        self._numbers = count(1)
        self._begins: list[datetime] = []
        self.deaths: list[datetime] = []

    @property
    def next_begin(self) -> datetime | None:
        """When the next replacement is due; None when all are there."""
        return min(self._begins, default=None)

    def begin(self) -> None:
        for _ in range(self._size):
            self._start()

    def replace(self) -> None:
        """See who died, and start whoever is due."""
        now = self._clock.now()
        for hand in [hand for hand in self._hands if not hand.process.is_alive()]:
            self._bury(hand)
            self.deaths.append(now)
            if len(self.deaths) > MOST_DEATHS:
                raise RuntimeError(f"expected workers that die at {MOST_DEATHS} points at most, were more: they cannot begin")
            self._begins.append(now + REPLACED_AFTER)
        for begin in [begin for begin in self._begins if begin <= now]:
            self._begins.remove(begin)
            self._start()

    @property
    def nobody(self) -> bool:
        """Whether all are dead and time must pass until the next begins."""
        return not self._hands

    async def post(self, body: bytes, secret: str) -> Answer | None:
        """Give an alert to a living worker; None when it died before it answered, or there is none."""
        self.replace()
        if not self._hands:
            return None
        hand = self._hands[0]
        self._hands.append(self._hands.pop(0))
        alert = Alert(next(self._numbers), body, secret)
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        hand.answers[alert.number] = answer
        try:
            hand.line.send(alert)
        except OSError:
            return None
        return await answer

    def end(self) -> None:
        """Kill them all, as the last thing of a seed."""
        for hand in list(self._hands):
            hand.process.kill()
            hand.process.join()
            self._bury(hand)

    def _start(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        process = NURSERY.Process(target=live, args=(self._place, next(self._numbers), theirs), daemon=True)
        process.start()
        theirs.close()
        hand = Hand(process, ours)
        self._hands.append(hand)
        asyncio.get_running_loop().add_reader(ours.fileno(), self._hear, hand)

    def _hear(self, hand: Hand) -> None:
        try:
            answer: Answer = hand.line.recv()
        except (EOFError, OSError):
            self._hang_up(hand)
            return
        hand.answers.pop(answer.number).set_result(answer)

    def _hang_up(self, hand: Hand) -> None:
        asyncio.get_running_loop().remove_reader(hand.line.fileno())
        for answer in hand.answers.values():
            if not answer.done():
                answer.set_result(None)
        hand.answers.clear()

    def _bury(self, hand: Hand) -> None:
        if not hand.line.closed:
            self._hang_up(hand)
            hand.line.close()
        hand.process.join()
        hand.process.close()
        self._hands.remove(hand)
