"""What a venue tells everybody, asked once and shared by all members: rules, leverage tiers, prices."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.limits import Errand
from cbc_adapters.exchange.ccxt.traffic import HURRIED_WAIT_S, Traffic
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

RULES_LAST: Final = timedelta(hours=1)
"""SIZ-07."""
RULES_RENEWED: Final = timedelta(minutes=50)
"""From this age on whoever needs the rules has them asked for anew, while everybody goes on by the old ones."""
QUOTE_LASTS: Final = timedelta(seconds=1)
MARKS_KEPT: Final = 120
"""Mark prices remembered of one symbol: two minutes, where somebody looks every second."""
NEAR: Final = timedelta(seconds=1)
"""How far a remembered mark may lie from the moment that is asked for (ORD-06)."""

Tiers = tuple[Bracket, ...]
Question = tuple[Market, Symbol | None]
"""The leverage tiers of a symbol; without one the rules of all."""


@attrs.frozen
class _Rules:
    instruments: Mapping[Symbol, Instrument]
    read_at: datetime


@attrs.frozen
class _Tiered:
    tiers: Tiers
    read_at: datetime


class Listings:
    """Mutable: it remembers what was read, one copy for each venue and environment.

    Whatever is being asked for is asked once, whoever waits for it.
    """

    def __init__(self, pool: ClientPool, traffic: Traffic, clock: Clock) -> None:
        self._pool, self._traffic, self._clock = pool, traffic, clock
        self._rules: dict[Market, _Rules] = {}
        self._tiers: dict[tuple[Market, Symbol], _Tiered] = {}
        self._marks: dict[tuple[Market, Symbol], deque[Quote]] = defaultdict(lambda: deque(maxlen=MARKS_KEPT))
        self._asking: dict[Question, asyncio.Task[None]] = {}

    async def instrument(self, market: Market, symbol: Symbol, *, hurried: bool = False) -> Instrument | None:
        """The venue's rules for a symbol, with its leverage tiers as far as they can be known: `hurried`, in a moment."""
        instrument = (await self._instruments(market)).get(symbol)
        if instrument is None:
            return None
        tiers = instrument.brackets or await self._tiers_of(market, symbol, HURRIED_WAIT_S if hurried else None)
        return attrs.evolve(instrument, brackets=tiers)

    async def listed(self, market: Market, symbol: Symbol) -> Instrument:
        """The same without tiers, for whoever orders by them only. Raises VenueRefused SYMBOL_CLOSED."""
        instrument = (await self._instruments(market)).get(symbol)
        if instrument is None:
            raise VenueRefused(Fault.SYMBOL_CLOSED, f"expected a symbol of {market[0].value}, was {symbol}")
        return instrument

    def renew(self, market: Market) -> None:
        """Begin to ask for the rules anew: the venue refused by rules that we did not know (SIZ-07).

        Until they are told everybody goes on by the old ones: an order in a hurry must not wait for a list of all symbols.
        """
        self._asked((market, None), partial(self._read_rules, market))

    async def close(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        known = self._rules.get(market)
        if known is None or not self._lasts(known.read_at):
            await asyncio.shield(self._asked((market, None), partial(self._read_rules, market)))
            known = self._rules[market]
        elif self._age(known.read_at) >= RULES_RENEWED:
            self.renew(market)
        return known.instruments

    async def _read_rules(self, market: Market) -> None:
        told = await self._traffic.public(market, Errand.INSTRUMENTS, self._pool.dialect(market[0]).instruments)
        self._rules[market] = _Rules(told, self._clock.now())

    async def _tiers_of(self, market: Market, symbol: Symbol, wait_s: float | None) -> Tiers:
        """Wait for them without end where `wait_s` is None."""
        known = self._tiers.get((market, symbol))
        if (known is None or not self._lasts(known.read_at)) and not self._pool.dialect(market[0]).tiers_need_key:
            asked = self._asked((market, symbol), partial(self._read_tiers, market, symbol))
            await asyncio.wait([asked], timeout=wait_s)
            known = self._tiers.get((market, symbol))
        return known.tiers if known is not None and self._lasts(known.read_at) else ()

    async def _read_tiers(self, market: Market, symbol: Symbol) -> None:
        dialect = self._pool.dialect(market[0])
        # Without them nothing is sized; what is open can be protected all the same.
        with suppress(VenueRefused, OutcomeUnknown):
            told = await self._traffic.public(market, Errand.TIERS, lambda client: dialect.brackets(client, symbol))
            self._take_in(market, told)

    def _asked(self, what: Question, read: Callable[[], Coroutine[None, None, None]]) -> asyncio.Task[None]:
        """The one task that reads it, which others may have begun."""
        if what not in self._asking:
            self._asking[what] = asyncio.get_running_loop().create_task(read())
            self._asking[what].add_done_callback(partial(self._was_read, what))
        return self._asking[what]

    def _was_read(self, what: Question, task: asyncio.Task[None]) -> None:
        del self._asking[what]
        fault = None if task.cancelled() else task.exception()
        # Where nobody waited the old rules serve until they are asked for again; a mistake of ours is heard of all the same.
        if fault is not None and not isinstance(fault, VenueRefused | OutcomeUnknown):
            asyncio.get_running_loop().call_exception_handler({"message": f"rules of {what[0][0].value}", "exception": fault})

    def _take_in(self, market: Market, told: Mapping[Symbol, Tiers]) -> None:
        now = self._clock.now()
        self._tiers.update({(market, symbol): _Tiered(tiers, now) for symbol, tiers in told.items()})

    def _lasts(self, read_at: datetime) -> bool:
        return self._age(read_at) < RULES_LAST

    def _age(self, read_at: datetime) -> timedelta:
        return self._clock.now() - read_at
