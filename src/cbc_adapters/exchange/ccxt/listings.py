"""What a venue tells everybody, asked once and shared by all members: rules, tiers, prices."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.system import Clock
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

RULES_LAST: Final = timedelta(hours=1)
"""SIZ-07."""
UNTIERED: Final = (Bracket(None, 20, Decimal("0.025")),)
"""What is assumed of a symbol whose tiers nobody has read yet: cautious in leverage and in maintenance margin."""
QUOTE_LASTS: Final = timedelta(seconds=1)
MARKS_KEPT: Final = 120
NEAR: Final = timedelta(seconds=3)
"""How far a remembered mark may lie from the moment that is asked for (ORD-06)."""


@attrs.frozen
class _Rules:
    instruments: Mapping[Symbol, Instrument]
    read_at: datetime


class Listings:
    """Mutable: it remembers what was read, one copy for each venue and environment."""

    def __init__(self, pool: ClientPool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock
        self._rules: dict[Market, _Rules] = {}
        self._tiers: dict[Market, dict[Symbol, tuple[Bracket, ...]]] = defaultdict(dict)
        self._marks: dict[tuple[Market, Symbol], deque[Quote]] = defaultdict(lambda: deque(maxlen=MARKS_KEPT))
        self._asking: dict[Market, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def instruments(self, market: Market) -> Mapping[Symbol, Instrument]:
        """The venue's rules, at most an hour old, with the tiers that were learnt so far."""
        async with self._asking[market]:
            known = self._rules.get(market)
            if known is None or self._clock.now() - known.read_at >= RULES_LAST:
                told = await self._pool.dialect(market[0]).instruments(self._pool.public(market))
                known = _Rules({symbol: self._tiered(market, one) for symbol, one in told.items()}, self._clock.now())
                self._rules[market] = known
        return known.instruments

    def learn(self, market: Market, tiers: Mapping[Symbol, tuple[Bracket, ...]]) -> None:
        """Take in leverage tiers, which some venues tell to the owner of a key only."""
        self._tiers[market].update(tiers)
        if known := self._rules.get(market):
            tiered = {symbol: self._tiered(market, one) for symbol, one in known.instruments.items()}
            self._rules[market] = attrs.evolve(known, instruments=tiered)

    def tiers_known(self, market: Market) -> bool:
        return bool(self._tiers[market])

    async def quote(self, market: Market, symbol: Symbol, ago: timedelta) -> Quote | None:
        """The mark price now, or as it was when this process last looked at about that moment; None for unknown symbols."""
        if symbol not in await self.instruments(market):
            return None
        seen, now = self._marks[market, symbol], self._clock.now()
        if ago:
            near = [quote for quote in seen if abs(now - ago - quote.at) <= NEAR]
            return min(near, key=lambda quote: abs(now - ago - quote.at), default=None) or await self._past(market, symbol, ago)
        if not seen or now - seen[-1].at >= QUOTE_LASTS:
            seen.append(await self._pool.dialect(market[0]).quote(self._pool.public(market), symbol))
        return seen[-1]

    async def _past(self, market: Market, symbol: Symbol, ago: timedelta) -> Quote | None:
        at = self._clock.now() - ago
        return await self._pool.dialect(market[0]).quote_at(self._pool.public(market), symbol, at)

    def _tiered(self, market: Market, instrument: Instrument) -> Instrument:
        tiers = self._tiers[market].get(instrument.symbol) or instrument.brackets or UNTIERED
        return attrs.evolve(instrument, brackets=tiers)
