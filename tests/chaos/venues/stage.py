"""One seed at the four venues, in real time: their weather, the prices, the alerts, workers that die, and an eye on stops."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_adapters.exchange.simulated.model import VenueAccount
from cbc_adapters.exchange.simulated.venues.server import serving
from cbc_adapters.exchange.simulated.venues.simulation import Simulation
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Symbol
from tests.chaos.database import Eye, Owed
from tests.chaos.evidence import AT_VENUES, keep
from tests.chaos.judge import Evidence, Verdict, findings, traded
from tests.chaos.lanes import Turn
from tests.chaos.stage import observation_of
from tests.chaos.venues.crew import MortalCrew
from tests.chaos.venues.deadline import on_the_way_out
from tests.chaos.venues.recurring import ended, every
from tests.chaos.venues.script import PRICES_EVERY_S, Post, prices, script
from tests.chaos.venues.size import VenueSize
from tests.chaos.venues.waiting import AT_WORK
from tests.chaos.venues.weather import Weather
from tests.chaos.watch import Bare, Watch
from tests.venue_club import ACTOR, VenueClub, settings_for, venue_club

LOOK_S: Final = 0.05
ASK_S: Final = 0.1
OVER_WITHIN_S: Final = 400.0
"""After the weather cleared; positions are reconciled every 30 s, and a result that a venue is slow to tell, as many are that
lived through an hour at which funding falls due, is waited for five minutes and settled within another (COM-05)."""

ARRIVED_S: Final = 5.0
"""After the weather cleared; what was on its way has come by then, and looking for it longer finds nothing."""

PATIENCE_S: Final = 12.0
"""The job of a worker that died is taken up within 10 s."""
CLOSED_WITHIN_S: Final = 12.0
"""How long the next seed waits for the closes of this one, which come all at once."""

ANSWERED_S: Final = 1.0
"""How long workers may take to say what they are at."""

WISHES: Final = {"max_open_positions": 5}
LEFT: Final = "leftovers at the venues"
DIED: Final = "workers that died of themselves"
SLOW_EXITS: Final = "of those past 5 s, with an exit sent in time"
SLOWEST: Final = "slowest start of a worker, ms"
SIGNED, STRUCK = "signed calls", "signed calls with faults"

_REFUSED: Final = "SELECT headline, count(*) AS parts FROM decisions WHERE headline IS NOT NULL GROUP BY headline"


@attrs.define(eq=False)
class VenueStage:
    """Everything of one seed that is not the product; mutable because it happens."""

    seed: int
    club: VenueClub
    weathers: Sequence[Weather]
    watches: Sequence[Watch]
    crew: MortalCrew
    eye: Eye
    at_work: Sequence[Mapping[str, object]] = ()
    """The connections to the database, when the end did not come."""

    @property
    def accounts(self) -> Mapping[AccountId, VenueAccount]:
        """As the venues have them, by our own ids."""
        return {joined.account: self.club.account(joined) for joined in self.club.joined}

    @property
    def stretches(self) -> list[Bare]:
        return [bare for watch in self.watches for bare in watch.stretches]

    async def play(self, signals: int, turn: Turn) -> bool:
        """Go through the script, pass the turn on, and go to the end of all work; say whether that end came."""
        await self.crew.begin()
        looking = asyncio.create_task(every(LOOK_S, self._look))
        try:
            await self._trade(signals)
            turn.pass_on()
            return await self._end_comes()
        finally:
            await ended(looking)

    async def question(self) -> None:
        """Keep what everybody is at, before the workers are killed."""
        self.at_work = await self.eye.rows(AT_WORK)
        self.crew.question()
        await asyncio.sleep(ANSWERED_S)

    async def _trade(self, signals: int) -> None:
        """Post everything while workers die, and close everything when the weather has cleared."""
        moving = asyncio.create_task(every(PRICES_EVERY_S, self._mover()))
        dying = asyncio.create_task(self.crew.suffer())
        await self._post(signals)
        await ended(moving)
        self.crew.spare()
        await dying
        for weather in self.weathers:
            weather.clear()
        # Whoever begins looks at once for what was missed; those who go on do so within a minute.
        await self.crew.kill(1)
        await self.club.alert("FECHE TODAS AS POSICOES", None, 0)
        await self._until(lambda owed: owed.only_later, CLOSED_WITHIN_S)

    async def _post(self, signals: int) -> None:
        now = self.club.platform.clock().now()
        await self.club.platform.observe_market()([observation_of(None, now)])
        for number, event in enumerate(script(self.seed, signals)):
            if isinstance(event, Post):
                await self._resume()
                price = self._mark(event.symbol) if event.priced else None
                for _ in range(event.times):
                    await self.club.alert(event.text, event.symbol, number, price)
                continue
            if event.patient:
                await self._planned()
            await asyncio.sleep(event.seconds)

    def _mark(self, symbol: Symbol) -> Decimal:
        return next(iter(self.club.simulation.houses.values())).engine.marks[symbol].price

    async def _planned(self) -> None:
        await self._until(lambda owed: not owed.signals, PATIENCE_S)

    async def _until(self, reached: Callable[[Owed], bool], seconds: float) -> bool:
        """Wait until what is owed is as wished, at most so long."""
        began = monotonic()
        while monotonic() - began < seconds:
            owed = await self.eye.owed(self.club.platform.clock().now())
            if owed is not None and reached(owed):
                return True
            await asyncio.sleep(ASK_S)
        return False

    async def _resume(self) -> None:
        """Lift whatever pause the platform rightly set, since so much fails on purpose (RSK-22)."""
        async with self.club.platform.store()() as work:
            for stop in await work.configuration.stops():
                now = self.club.platform.clock().now()
                await work.configuration.lift_stop(stop.scope, stop.target, ACTOR, "it fails on purpose", now)
            await work.commit()

    async def _end_comes(self) -> bool:
        began = monotonic()

        def over(owed: Owed) -> bool:
            arrived = monotonic() - began > ARRIVED_S
            return (owed.nothing_but_looks if arrived else owed.nothing) and not list(leftovers(self.accounts))

        return await self._until(over, OVER_WITHIN_S)

    async def _look(self) -> None:
        now = self.club.platform.clock().now()
        for watch in self.watches:
            watch.look(now)

    def _mover(self) -> Callable[[], Awaitable[None]]:
        walk = prices(self.seed)

        async def move() -> None:
            for symbol, price in islice(walk, len(START_PRICES)):
                self.club.simulation.move(symbol, price)

        return move


def leftovers(accounts: Mapping[AccountId, VenueAccount]) -> Iterator[str]:
    """Positions and orders of ours that still stand."""
    for known, account in accounts.items():
        yield from (f"{known}: {held.quantity} {held.symbol} {held.side}" for held in account.positions.values())
        yield from (f"{known}: {order.ticket.client_id}" for order in account.orders.values() if order.open)


async def play(seed: int, size: VenueSize, database: str, folder: Path, turn: Turn) -> Verdict:
    """Live through one seed and judge it; the `turn` is passed on when nothing is bought any more."""
    began, venues, clock = monotonic(), size.venues_of(seed), SystemClock()
    simulation = Simulation(clock, accounts=size.accounts)
    for symbol, price in START_PRICES.items():
        simulation.move(symbol, price)
    async with serving(simulation.server, folder) as served:
        settings = settings_for(served, database, folder / "data")
        async with venue_club(simulation, settings, dict.fromkeys(venues, size.accounts), WISHES) as club:
            weathers = [Weather(seed, venue, clock) for venue in venues]
            for venue, weather in zip(venues, weathers, strict=True):
                simulation.plan(venue, Environment.LIVE, weather)
            watches = [Watch(simulation.houses[venue, Environment.LIVE].engine) for venue in venues]
            crew, eye = MortalCrew(settings, folder, size.workers, Random(f"kills {seed}"), clock), Eye(database)
            stage = VenueStage(seed, club, weathers, watches, crew, eye)
            try:
                quiet = await stage.play(size.signals, turn)
                if not quiet:
                    await stage.question()
            finally:
                crew.end()
            verdict = await _judge(stage, quiet=quiet, seconds=monotonic() - began)
            if not verdict.holds:
                await keep(verdict, eye, _seen(stage), sorted(folder.glob("*.log")), AT_VENUES)
            await eye.close()
            return verdict


def _seen(stage: VenueStage) -> Mapping[str, object]:
    """What the venues saw, of accounts under their ids there; `known` says which of ours they are."""
    return {
        "known": {str(account.id): str(ours) for ours, account in stage.accounts.items()},
        "deaths": stage.crew.kills,
        "at_work": stage.at_work,
        "bare": stage.stretches,
        "calls": [noted for weather in stage.weathers for noted in weather.noted],
        "at_venue": {str(account.id): list(account.orders.values()) for account in stage.accounts.values()},
    }


async def _judge(stage: VenueStage, *, quiet: bool, seconds: float) -> Verdict:
    owed = None if quiet else await stage.eye.owed(stage.club.platform.clock().now())
    too_long = [bare for watch in stage.watches for bare in watch.too_long]
    evidence = Evidence(stage.accounts, stage.eye, too_long, owed)
    wrong = {
        **await findings(evidence, stage.club.platform),
        LEFT: list(leftovers(stage.accounts)),
        DIED: [f"{stage.crew.deaths} times"] if stage.crew.deaths else [],
    }
    counts = {
        **await traded(evidence, stage.stretches),
        SLOW_EXITS: len(await on_the_way_out(stage.eye, stage.accounts, too_long)),
        SIGNED: sum(weather.signed for weather in stage.weathers),
        STRUCK: sum(weather.struck for weather in stage.weathers),
        "kills": len(stage.crew.kills),
        **{f"refused: {row['headline']}": row["parts"] for row in await stage.eye.rows(_REFUSED)},
        SLOWEST: int(1000 * max(stage.crew.starts, default=0)),
    }
    return Verdict(stage.seed, wrong, counts, {}, seconds)
