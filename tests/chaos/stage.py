"""One seed: the venue, the clock, the workers and everything that happens to them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.service import served
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.stepped.shared import SharedClock
from cbc_domain.market.model import FearGreed, Observation, Pulse
from tests.chaos.cast import Cast
from tests.chaos.crew import Crew
from tests.chaos.database import Eye, Owed
from tests.chaos.evidence import keep
from tests.chaos.held_back import AttributedExchange, Waiters
from tests.chaos.judge import Verdict, judge
from tests.chaos.script import OPENINGS, Event, KillDatabase, Post, Price, Reading, Trap, script
from tests.chaos.traps import Traps
from tests.chaos.watch import Watch
from tests.chaos.weather import Weather
from tests.chaos.worker import Place
from tests.club import platform_of

LONGEST_STEP: Final = timedelta(seconds=30)
"""As often as positions are reconciled."""
WHILE_BARE: Final = timedelta(seconds=1)
HASTY_STEP: Final = timedelta(milliseconds=200)
HASTE_ONE_IN: Final = 6
"""Before one step in so many nobody waits until the work of the moment is done."""

PATIENCE_S: Final = 20.0
"""How long the work of one moment may take in real time before the clock moves on all the same."""

STILL_S: Final = 0.05
"""How long it must look as if everybody waited for the venue: an answer that was just given is not written yet."""

LOOK_S: Final = 0.02
QUIET_WITHIN: Final = timedelta(minutes=10)
"""In stepped time, after the last event of the script."""

POSTS: Final = 8
"""How often an alert is sent again when the process that took it died before it answered."""


@attrs.define(eq=False)
class Stage:
    """Everything of one seed that is not the product; mutable because it happens."""

    seed: int
    clock: SharedClock
    venue: SimulatedVenue
    exchange: AttributedExchange
    weather: Weather
    waiters: Waiters
    crew: Crew
    eye: Eye
    traps: Traps
    watch: Watch
    secret: str
    observe: Callable[[Observation], Awaitable[None]]
    restart: Callable[[], Awaitable[None]] | None
    chance: Random
    lost_alerts: int = 0
    impatient: int = 0
    steps: int = 0
    posts: set[asyncio.Task[None]] = attrs.field(factory=set)

    async def play(self, moments: list[tuple[datetime, Event]]) -> bool:
        """Go through the script and then to the end of all work; say whether that end came."""
        for at, event in moments:
            while self.clock.now() < at:
                await self._step(at)
            await self._happen(event)
        self.traps.disarm()
        self.weather.clear()
        limit = self.clock.now() + QUIET_WITHIN
        while self.clock.now() < limit:
            owed = await self._settled()
            if owed is not None and owed.nothing and not self.watch.look(self.clock.now()) and self._flat():
                return True
            await self._step(limit)
        return False

    def _flat(self) -> bool:
        return not any(
            account.positions or any(o.open for o in account.orders.values()) for account in self.venue.accounts.values()
        )

    async def _happen(self, event: Event) -> None:
        now = self.clock.now()
        match event:
            case Post(body):
                task = asyncio.create_task(self._post(body))
                self.posts.add(task)
                task.add_done_callback(self.posts.discard)
            case Price(symbol, price):
                self.venue.set_price(symbol, price, now)
            case Reading(rising):
                await self.observe(observation_of(rising, now))
            case Trap(point, passes):
                self.traps.arm(point, passes)
            case KillDatabase():
                if self.restart is not None:
                    await self.restart()

    async def _post(self, body: bytes) -> None:
        for _ in range(POSTS):
            answer = await self.crew.post(body, self.secret)
            if answer is not None and answer.told != "unavailable":
                return
            self.lost_alerts += 1
            await asyncio.sleep(0.02)

    async def _step(self, to: datetime) -> None:
        """Move on to the next moment at which something may happen."""
        self.steps += 1
        if self.chance.randrange(HASTE_ONE_IN) == 0:
            await asyncio.sleep(LOOK_S)
            self.crew.replace()
            self._advance(min(to, self.clock.now() + HASTY_STEP))
            return
        owed = await self._settled()
        now = self.clock.now()
        bare = self.watch.look(now)
        idle = owed is not None and not (owed.now or owed.leased or owed.later)
        longest = WHILE_BARE if bare else to - now if idle else LONGEST_STEP
        moments = [to, now + longest, self.waiters.next, self.crew.next_begin]
        moments.append(owed.next if owed else now + WHILE_BARE)
        self._advance(min(moment for moment in moments if moment is not None and moment > now))

    def _advance(self, to: datetime) -> None:
        self.watch.look(self.clock.now())
        self.clock.advance(to=to)
        self.waiters.wake()
        self.crew.replace()

    async def _settled(self) -> Owed | None:
        """Wait until the work of this moment is done, or waits for calls that the venue holds back.

        Somebody who could do something keeps time from passing, however busy the machine is, until patience ends.
        """
        began = still = monotonic()
        while monotonic() - began < PATIENCE_S:
            self.crew.replace()
            owed = await self.eye.owed(self.clock.now())
            if self.crew.nobody:
                return owed
            if owed is None or not self._quiet(owed):
                still = monotonic()
            elif not owed.leased or monotonic() - still > STILL_S:
                return owed
            await asyncio.sleep(LOOK_S)
        self.impatient += 1
        return await self.eye.owed(self.clock.now())

    def _quiet(self, owed: Owed) -> bool:
        """Whether nobody can do anything at this moment; with calls in hand it may for an instant only look so."""
        return not (owed.now or self.venue.unread or self.posts) and self.waiters.hold(owed.leased_to)


def observation_of(rising: bool | None, now: datetime) -> Observation:
    plus, delta = {None: ("50", "0.1"), True: ("70", "1.2"), False: ("30", "-1.2")}[rising]
    return Observation(now, FearGreed(55, now, now), Pulse(Decimal(plus), Decimal(delta), 100, now))


async def play(
    seed: int,
    signals: int,
    workers: int,
    cast: Cast,
    database: str,
    folder: Path,
    restart: Callable[[], Awaitable[None]] | None,
) -> Verdict:
    """Live through one seed and judge it."""
    began = monotonic()
    place = Place(folder, database)
    clock = SharedClock(place.clock, cast.start)
    traps = Traps(place.traps, new=True)
    venue = SimulatedVenue(DEMONSTRATION)
    for account, equity in cast.accounts:
        venue.open_account(account, equity, cast.start)
    for back in (30, 10):
        for symbol, price in OPENINGS.items():
            venue.set_price(symbol, price, cast.start - timedelta(seconds=back))
    waiters, weather = Waiters(clock), Weather(seed)
    exchange = AttributedExchange(venue, clock, weather, waiters.sleep)
    engine, identities = open_engine(database, pool_size=2), SystemIdentities()
    platform = platform_of(PostgresStore(engine, identities), exchange, clock, identities)

    async def observe(observation: Observation) -> None:
        await platform.observe_market()([observation])

    crew, eye, watch = Crew(place, clock, workers), Eye(database), Watch(venue)
    stage = Stage(
        seed,
        clock,
        venue,
        exchange,
        weather,
        waiters,
        crew,
        eye,
        traps,
        watch,
        cast.secret,
        observe,
        restart,
        Random(f"haste {seed}"),
    )
    async with served(exchange, place.venue):
        crew.begin()
        try:
            quiet = await stage.play(script(seed, cast.start, signals))
        finally:
            crew.end()
    verdict = await judge(stage, platform, quiet=quiet, seconds=monotonic() - began)
    if not verdict.holds:
        seen = {"deaths": crew.deaths, "calls": exchange.noted}
        await keep(verdict, eye, seen, sorted(folder.glob("*.log")))
    await eye.close()
    await engine.dispose()
    clock.close()
    traps.close()
    return verdict
