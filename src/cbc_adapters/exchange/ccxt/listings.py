"""What a venue tells everybody, asked once and shared by all members: rules, leverage tiers, prices."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.limits import Errand
from cbc_adapters.exchange.ccxt.traffic import Traffic
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

RULES_LAST: Final = timedelta(hours=1)
"""SIZ-07."""
QUOTE_LASTS: Final = timedelta(seconds=1)
MARKS_KEPT: Final = 120
"""Mark prices remembered of one symbol: two minutes, where somebody looks every second."""
NEAR: Final = timedelta(seconds=1)
"""How far a remembered mark may lie from the moment that is asked for (ORD-06)."""

Tiers = tuple[Bracket, ...]


@attrs.frozen
class _Rules:
    instruments: Mapping[Symbol, Instrument]
    read_at: datetime


@attrs.frozen
class _Tiered:
    tiers: Tiers
    read_at: datetime


class Listings:
    """Mutable: it remembers what was read, one copy for each venue and environment."""

    def __init__(self, pool: ClientPool, traffic: Traffic, clock: Clock) -> None:
        self._pool, self._traffic, self._clock = pool, traffic, clock
        self._rules: dict[Market, _Rules] = {}
        self._tiers: dict[tuple[Market, Symbol], _Tiered] = {}
        self._marks: dict[tuple[Market, Symbol], deque[Quote]] = defaultdict(lambda: deque(maxlen=MARKS_KEPT))
        self._asking: dict[Market, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def instrument(self, market: Market, symbol: Symbol) -> Instrument | None:
        """The venue's rules for a symbol, with its leverage tiers as far as they can be known."""
        instrument = (await self._instruments(market)).get(symbol)
        if instrument is None:
            return None
        tiers = instrument.brackets or await self._tiers_of(market, symbol)
        return attrs.evolve(instrument, brackets=tiers)

    async def rules(self, market: Market, symbol: Symbol) -> Instrument | None:
        """The same without tiers, for whoever orders by them only."""
        return (await self._instruments(market)).get(symbol)

    def forget(self, market: Market) -> None:
        """Ask for the rules anew next time: the venue refused by rules that we did not know (SIZ-07)."""
        self._rules.pop(market, None)

    def lacks_tiers(self, market: Market) -> bool:
        """Whether leverage tiers have to be asked for with a key, and are not known or too old."""
        if not self._pool.dialect(market[0]).tiers_need_key:
            return False
        known = [tiered for (where, _), tiered in self._tiers.items() if where == market]
        return not known or not all(self._lasts(tiered.read_at) for tiered in known)

    async def learn_tiers(self, market: Market, client: Client) -> None:
        """Ask with a key for the tiers that the venue does not tell everybody."""
        some = next(iter(await self._instruments(market)))
        self._take_in(market, await self._pool.dialect(market[0]).brackets(client, some))

    async def quote(self, market: Market, symbol: Symbol) -> Quote | None:
        """The mark price, at most a second old; None for unknown symbols."""
        if symbol not in await self._instruments(market):
            return None
        seen = self._marks[market, symbol]
        if not seen or self._clock.now() - seen[-1].at >= QUOTE_LASTS:
            dialect = self._pool.dialect(market[0])
            seen.append(await self._traffic.public(market, Errand.QUOTE, lambda client: dialect.quote(client, symbol)))
        return seen[-1]

    async def quote_before(self, market: Market, symbol: Symbol, ago: timedelta) -> Quote | None:
        """The mark price as it stood `ago`; where nobody looked at that time it is read and waited for as long."""
        then = self._clock.now() - ago
        near = [quote for quote in self._marks[market, symbol] if abs(quote.at - then) <= NEAR]
        if near:
            return min(near, key=lambda quote: abs(quote.at - then))
        quote = await self.quote(market, symbol)
        if quote is not None:
            await asyncio.sleep(ago.total_seconds())
        return quote

    async def _instruments(self, market: Market) -> Mapping[Symbol, Instrument]:
        async with self._asking[market]:
            known = self._rules.get(market)
            if known is None or not self._lasts(known.read_at):
                told = await self._traffic.public(market, Errand.INSTRUMENTS, self._pool.dialect(market[0]).instruments)
                known = self._rules[market] = _Rules(told, self._clock.now())
        return known.instruments

    async def _tiers_of(self, market: Market, symbol: Symbol) -> Tiers:
        known = self._tiers.get((market, symbol))
        dialect = self._pool.dialect(market[0])
        if (known is None or not self._lasts(known.read_at)) and not dialect.tiers_need_key:
            try:
                told = await self._traffic.public(market, Errand.TIERS, lambda client: dialect.brackets(client, symbol))
            except (VenueRefused, OutcomeUnknown):
                # Without them nothing is sized; what is open can be protected all the same.
                return ()
            self._take_in(market, told)
            known = self._tiers.get((market, symbol))
        return known.tiers if known is not None and self._lasts(known.read_at) else ()

    def _take_in(self, market: Market, told: Mapping[Symbol, Tiers]) -> None:
        now = self._clock.now()
        self._tiers.update({(market, symbol): _Tiered(tiers, now) for symbol, tiers in told.items()})

    def _lasts(self, read_at: datetime) -> bool:
        return self._clock.now() - read_at < RULES_LAST
