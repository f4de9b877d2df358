"""Whether funding fell due in a time: asked once for a symbol and all who hold it, before what each of them paid (COM-05)."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.limits import Errand
from cbc_adapters.exchange.ccxt.traffic import Traffic
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused

HOUR: Final = timedelta(hours=1)
"""Funding falls due every eight, four, two or one of them, at full hours (UTC) at all four venues."""
SELDOMEST: Final = 8
"""Among so many full hours in a row there is one at which it falls due, whatever the symbol."""
DUE_WITHIN: Final = timedelta(minutes=1)
"""How far from the hour it may be taken; Binance speaks of fifteen seconds."""
TOLD_WITHIN: Final = timedelta(minutes=5)
"""A venue that tells of no funding so long after an hour had none then."""
ASKED_EVERY: Final = timedelta(seconds=10)
"""How often a symbol is asked for that the venue does not tell of, or not yet."""
HOURS_KEPT: Final = 100
"""What is remembered of a symbol: four days; results are looked at for two (COM-15)."""


Listed = tuple[Market, Symbol]
Ask = Callable[[Client, Symbol, datetime, datetime], Awaitable[Sequence[datetime]]]


def full_hours(since: datetime, until: datetime) -> Sequence[datetime]:
    """The hours at which funding may have fallen due for whoever held a position in a time, both instants included."""
    first, last = since - DUE_WITHIN, until + DUE_WITHIN
    hour = first.replace(minute=0, second=0, microsecond=0)
    if hour < first:
        hour += HOUR
    return [hour + HOUR * later for later in range((last - hour) // HOUR + 1)]


class Fundings:
    """Mutable: it remembers at which hours funding of a symbol fell due."""

    def __init__(self, pool: ClientPool, traffic: Traffic, clock: Clock) -> None:
        self._pool, self._traffic, self._clock = pool, traffic, clock
        self._known: dict[Listed, dict[datetime, bool]] = defaultdict(dict)
        self._turns: dict[Listed, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asked: dict[Listed, datetime] = {}

    async def perhaps(self, market: Market, symbol: Symbol, since: datetime, until: datetime) -> bool:
        """Whether funding may have been paid between two instants; True wherever the venue has not said that it was not.

        No more than SELDOMEST full hours are ever asked for.
        """
        hours, where = full_hours(since, until), (market, symbol)
        if not hours:
            return False
        ask = self._pool.dialect(market[0]).fundings
        if ask is None or len(hours) >= SELDOMEST:
            return True
        async with self._turns[where]:
            if unknown := [hour for hour in hours if hour not in self._known[where]]:
                await self._learn(where, unknown, ask)
        return any(self._known[where].get(hour, True) for hour in hours)

    async def _learn(self, where: Listed, hours: Sequence[datetime], ask: Ask) -> None:
        (market, symbol), now = where, self._clock.now()
        if where in self._asked and now - self._asked[where] < ASKED_EVERY:
            return
        self._asked[where] = now
        since, until = hours[0] - DUE_WITHIN, hours[-1] + DUE_WITHIN
        try:
            told = await self._traffic.public(market, Errand.FUNDINGS, lambda client: ask(client, symbol, since, until))
        except (VenueRefused, OutcomeUnknown):
            return
        known = self._known[where]
        known.update(_learned(hours, told, now))
        for old in sorted(known)[:-HOURS_KEPT]:
            del known[old]


def _learned(hours: Iterable[datetime], told: Sequence[datetime], now: datetime) -> Mapping[datetime, bool]:
    """What an answer says of each hour; nothing of one that the venue may still come to speak of."""
    due = {hour: any(abs(at - hour) <= DUE_WITHIN for at in told) for hour in hours}
    return {hour: fell for hour, fell in due.items() if fell or now - hour >= TOLD_WITHIN}
