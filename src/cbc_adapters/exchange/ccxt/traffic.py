"""The one way to the venues: budgets before a call, and what its answer teaches after it (EXC-07, EXC-08, PRI-07)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Final, TypeVar

import ccxt as vendor

from cbc_adapters.exchange.ccxt.backoff import backoff_of
from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.errors import translated, unforeseen
from cbc_adapters.exchange.ccxt.hedged import hedged
from cbc_adapters.exchange.ccxt.limits import Errand, Headers, Published
from cbc_adapters.exchange.ccxt.published import PUBLISHED
from cbc_adapters.exchange.ccxt.road import Road, Trip
from cbc_adapters.exchange.ccxt.skew import AGAIN_S, EVERY_S, difference_ms, skew_of
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.exchange import VenueStanding
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount

LONGEST_WAIT_S: Final = 1.0
"""Whoever would wait longer for his turn is refused and may come again: a waiting task holds no worker (PRI-07)."""
SHORTEST_WAIT_S: Final = 0.001
HURRIED_WAIT_S: Final = 0.25
"""How long a question is waited for that a stop or an exit of something open would be better for, and can do without."""

T = TypeVar("T")


class Traffic:
    """Mutable: it knows how each venue stands. `ticks` are seconds of a clock that never goes back."""

    def __init__(
        self,
        pool: ClientPool,
        clock: Clock,
        ticks: Callable[[], float] = monotonic,
        published: Mapping[Venue, Published] = PUBLISHED,
    ) -> None:
        self._pool, self._clock, self._ticks, self._published = pool, clock, ticks, published
        self._roads: dict[Market, Road] = {}
        self._measuring: dict[Market, asyncio.Task[None]] = {}

    async def of(
        self,
        account: ExchangeAccount,
        errand: Errand,
        call: Callable[[Client], Awaitable[T]],
        became: Callable[[T], Errand] | None = None,
        patience_s: float = LONGEST_WAIT_S,
    ) -> T:
        """Do an errand for an account. With `became` its answer says which errand's price it really had, if that is less.

        `patience_s` is how long its turn is waited for: longer only where no task of an account waits with it.

        Raises OutcomeUnknown, or VenueRefused: the venue's refusal, or ours before anything was sent (RATE_LIMIT when the
        budget is used up for longer than a moment, NETWORK while the breaker is open).
        """
        now = self._ticks()
        trip = self._road((account.venue, account.environment), now).trip(errand, account.id, now)
        if wait := _wait(trip, now):
            now = await self._turn(trip, wait, patience_s)
        trip.begin(now)
        # Only now the key is taken out of its ring.
        async with self._pool.of(account) as client:
            told = await self._done(trip, client, call(client))
        if became is not None:
            trip.give_back(trip.road.published.costs[became(told)])
        return told

    async def ask(
        self,
        account: ExchangeAccount,
        errand: Errand,
        call: Callable[[Client], Awaitable[T]],
        became: Callable[[T], Errand] | None = None,
    ) -> T:
        """`of` for a question that a stop or an exit may wait for: asked once more when its answer takes long (POS-11).

        The second one goes only where half of every limit is left: a slow venue is not asked twice as much when little is.
        """

        def spare() -> bool:
            now = self._ticks()
            return self._road((account.venue, account.environment), now).trip(errand, account.id, now).is_spare(now)

        return await hedged(lambda: self.of(account, errand, call, became), spare)

    async def public(self, market: Market, errand: Errand, call: Callable[[Client], Awaitable[T]]) -> T:
        """The same for what a venue tells everybody."""
        now = self._ticks()
        trip = self._road(market, now).trip(errand, None, now)
        if wait := _wait(trip, now):
            now = await self._turn(trip, wait, LONGEST_WAIT_S)
        trip.begin(now)
        client = self._pool.public(market)
        return await self._done(trip, client, call(client))

    async def standings(self) -> Sequence[VenueStanding]:
        """How every venue stands that this process has spoken to, its clock asked for within the last five minutes."""
        for market in list(self._roads):
            self._road(market, self._ticks())
        await asyncio.gather(*self._measuring.values(), return_exceptions=True)
        now, wall = self._ticks(), self._clock.now()
        return [road.standing(now, wall) for road in self._roads.values()]

    async def close(self) -> None:
        tasks = list(self._measuring.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _road(self, market: Market, now: float) -> Road:
        road = self._roads.get(market)
        if road is None:
            road = self._roads[market] = Road(market, self._published[market[0]], now)
        if now >= road.measure_at:
            self._measure(road, now)
        return road

    async def _turn(self, trip: Trip, wait: float, patience_s: float) -> float:
        """Wait for one's turn and answer when it came."""
        now = self._ticks()
        latest = now + patience_s
        while wait:
            if now + wait > latest:
                venue = trip.road.market[0].value
                raise VenueRefused(Fault.RATE_LIMIT, f"{venue}: nothing left for {wait:.1f} s, nothing was sent")
            with trip.queued():
                await asyncio.sleep(max(wait, SHORTEST_WAIT_S))
            now = self._ticks()
            wait = _wait(trip, now, first=False)
        return now

    async def _done(self, trip: Trip, client: Client, answer: Awaitable[T]) -> T:
        try:
            told = await answer
        except vendor.BaseError as error:
            # The vendor's error holds the address with the signature: it ends here.
            raise self._learned(trip, client, error) from None
        except DomainError:
            raise
        except Exception as error:
            raise unforeseen(error, trip.road.market[0]) from None
        trip.answered(_headers(client), self._ticks())
        return told

    def _learned(self, trip: Trip, client: Client, error: Exception) -> VenueRefused | OutcomeUnknown:
        road, now = trip.road, self._ticks()
        dialect = self._pool.dialect(road.market[0])
        meant = translated(error, dialect.venue, dialect.faults, dialect.doubtful)
        backoff = backoff_of(error, _headers(client), road.published.account_codes)
        if backoff is None and isinstance(meant, OutcomeUnknown):
            trip.lost(now)
        else:
            trip.refused(backoff, now)
        if meant.fault is Fault.CLOCK:
            self._measure(road, now)
        return meant

    def _measure(self, road: Road, now: float) -> None:
        """Begin to ask for the venue's time, beside what is going on; nothing when that is under way."""
        if road.market in self._measuring:
            return
        road.measure_at = now + EVERY_S
        task = asyncio.get_running_loop().create_task(self._measured(road))
        self._measuring[road.market] = task
        task.add_done_callback(lambda _: self._measuring.pop(road.market))

    async def _measured(self, road: Road) -> None:
        dialect = self._pool.dialect(road.market[0])

        async def compared(client: Client) -> timedelta | None:
            # What is signed is the client's own clock: that one is compared.
            sent = client.milliseconds()
            told = await dialect.time(client)
            return skew_of(sent, client.milliseconds(), told)

        try:
            skew = await self.public(road.market, Errand.TIME, compared)
        except (VenueRefused, OutcomeUnknown):
            skew = None
        if skew is None:
            road.measure_at = self._ticks() + AGAIN_S
            return
        road.skew = skew
        self._pool.set_difference(road.market, difference_ms(skew))


def _wait(trip: Trip, now: float, *, first: bool = True) -> float:
    if not trip.permitted(now):
        raise VenueRefused(Fault.NETWORK, f"{trip.road.market[0].value}: nothing answers there, nothing was sent")
    return trip.wait(now, first=first)


def _headers(client: Client) -> Headers:
    """Of the last answer; ccxt keeps none before the first."""
    return {name.lower(): value for name, value in (client.last_response_headers or {}).items()}
