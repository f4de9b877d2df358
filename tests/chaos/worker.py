"""A worker process: the product's own loops on a stepped time that all processes share, over traps that kill it."""

import asyncio
import gc
import logging
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import attrs
import structlog

from cbc_adapters.exchange.simulated.remote import RemoteExchange
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.stepped.shared import SharedClock
from cbc_domain.kernel.errors import DomainError
from cbc_domain.ports.system import Clock
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.worker.jobs import handlers
from cbc_entrypoints.worker.lane_loop import LaneLoop
from cbc_entrypoints.worker.role import Role
from cbc_entrypoints.worker.schedules import WATCH_RISKS, Schedule, schedules
from tests.chaos.deadly import DeadlyExchange, DeadlyStore
from tests.chaos.traps import Traps
from tests.club import platform_of

REST_S: Final = 0.05
RECOVER_S: Final = 0.05
OVERTAKEN_AFTER_S: Final = 0.03
POLL: Final = timedelta(milliseconds=250)
HEARTBEAT: Final = timedelta(milliseconds=600)
LOOKS_EVERY: Final = timedelta(milliseconds=100)
"""Real rests, short: everything that the rules say about time is said in stepped time."""


class NoPasswords:
    """Nobody signs in; making ready for it takes longer than everything else that a worker does to begin."""

    def breached(self, password: str) -> bool:
        raise NotImplementedError

    async def hash(self, password: str) -> str:
        raise NotImplementedError

    async def matches(self, password: str, hashed: str | None) -> bool:
        raise NotImplementedError


@attrs.frozen
class Place:
    """Where the processes of one seed meet; travels to each of them."""

    folder: Path
    database: str

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    @property
    def traps(self) -> Path:
        return self.folder / "traps"

    @property
    def venue(self) -> Path:
        return self.folder / "venue.sock"


@attrs.frozen
class Alert:
    number: int
    body: bytes
    secret: str


@attrs.frozen
class Answer:
    """What the sender of an alert was told: the status of the receipt or the code of the refusal."""

    number: int
    told: str
    duplicate: bool = False


def live(place: Place, number: int, inbox: Connection) -> None:
    """Work until the inbox is closed, or somebody kills this process."""
    gc.freeze()  # What was imported before the fork is garbage to nobody, and looking through it copies its pages.
    logging.basicConfig(filename=place.folder / f"worker-{number}.log", level=logging.WARNING)
    structlog.configure(processors=[into(place.folder / f"worker-{number}.log")])
    asyncio.run(_work(place, inbox))


def into(path: Path) -> Callable[[object, str, structlog.typing.EventDict], str]:
    def write(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
        with path.open("a") as log:
            rendered = structlog.processors.ExceptionRenderer()(None, "", event)
            log.write(f"{rendered}\n")
        raise structlog.DropEvent

    return write


async def _work(place: Place, inbox: Connection) -> None:
    clock, engine = SharedClock(place.clock), open_engine(place.database, pool_size=4)
    identities, traps = SystemIdentities(), Traps(place.traps)
    presence = Presence(open_engine(place.database, pool_size=1))
    store = DeadlyStore(PostgresStore(engine, identities, presence), traps)
    platform = platform_of(store, DeadlyExchange(RemoteExchange(place.venue), traps), clock, identities, NoPasswords())
    stop = asyncio.Event()
    runner = JobRunner(engine, handlers(platform, Role.ALL), poll=POLL, heartbeat=HEARTBEAT)
    lane = LaneLoop(platform, rest_s=REST_S, recover_s=RECOVER_S, overtaken_after_s=OVERTAKEN_AFTER_S)
    async with asyncio.TaskGroup() as group:
        group.create_task(runner.run())
        group.create_task(lane.run(stop))
        # A campaign breaks so much on purpose that the platform would rightly pause itself, and then nothing would happen.
        for schedule in (one for one in schedules(platform, Role.ALL) if one.name != WATCH_RISKS):
            group.create_task(on_stepped_time(schedule, clock).run(stop))
        await _receive(platform, inbox, group)
        stop.set()
        runner.stop()


def on_stepped_time(schedule: Schedule, clock: Clock) -> Schedule:
    """The same act as often by the stepped clock; the loop itself only looks whether it is time."""
    due = clock.now()

    async def act() -> None:
        nonlocal due
        if clock.now() >= due:
            await schedule.act()
            due = clock.now() + schedule.every

    return attrs.evolve(schedule, every=LOOKS_EVERY, act=act)


async def _receive(platform: Platform, inbox: Connection, group: asyncio.TaskGroup) -> None:
    """Take alerts as the web server does, until nobody is there any more who could send one."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def hear() -> None:
        try:
            alert = inbox.recv()
        except (EOFError, OSError):
            loop.remove_reader(inbox.fileno())
            closed.set()
            return
        group.create_task(_answer(platform, alert, inbox.send))

    loop.add_reader(inbox.fileno(), hear)
    await closed.wait()


async def _answer(platform: Platform, alert: Alert, send: Callable[[Answer], None]) -> None:
    try:
        receipt = await platform.receive_signal()(alert.body, alert.secret)
        send(Answer(alert.number, receipt.status, receipt.duplicate))
    except DomainError as fault:
        send(Answer(alert.number, fault.code))
