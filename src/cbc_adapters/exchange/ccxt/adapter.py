"""The exchange port over ccxt: four venues, every member's own account."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, TypeVar

import ccxt as vendor

from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialect import Booked, Client, Closed, Dialect, Placing, Sought
from cbc_adapters.exchange.ccxt.errors import translated
from cbc_adapters.exchange.ccxt.listings import Listings
from cbc_adapters.exchange.ccxt.streams import Streams
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import (
    ClosedResult,
    Ending,
    Fault,
    Holding,
    OpenOrder,
    OutcomeUnknown,
    Report,
    Ticket,
    VenueRefused,
)
from cbc_domain.ports.system import Clock
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Leg
from cbc_domain.trading.orders import leg_of
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

READ_AT_ONCE: Final = 50
"""Accounts whose balances are asked for side by side."""
BALANCE_LASTS: Final = timedelta(seconds=10)
"""SIZ-02."""
PREPARED_LASTS: Final = timedelta(minutes=10)
"""How long leverage and margin mode that we set are taken to be so still: the member may change them by hand (SIZ-04)."""

T = TypeVar("T")


class CcxtExchange:
    """Mutable: it keeps clients, rules of the venues and streams.

    With `allow_live` False no order leaves for a live account.
    """

    def __init__(self, pool: ClientPool, clock: Clock, *, allow_live: bool) -> None:
        self._pool, self._clock, self._allow_live = pool, clock, allow_live
        self._listings = Listings(pool, clock)
        self._streams = Streams(pool, self._heard)
        self._prepared: dict[tuple[AccountId, Symbol], tuple[int, datetime]] = {}
        self._balances: dict[AccountId, AccountReading] = {}
        self._learning = asyncio.Lock()

    async def instrument(self, venue: Venue, environment: Environment, symbol: Symbol) -> Instrument | None:
        return await self._asked(self._pool.dialect(venue), self._listings.instrument((venue, environment), symbol))

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        market = venue, environment
        asked = self._listings.quote_before(market, symbol, ago) if ago else self._listings.quote(market, symbol)
        try:
            return await self._asked(self._pool.dialect(venue), asked)
        except (VenueRefused, OutcomeUnknown):
            return None

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        at_once = asyncio.Semaphore(READ_AT_ONCE)

        async def read(account: ExchangeAccount) -> AccountReading | None:
            async with at_once:
                try:
                    return await self._reading(account)
                except (VenueRefused, OutcomeUnknown):
                    return None

        found = await asyncio.gather(*(read(account) for account in accounts))
        return {reading.account: reading for reading in found if reading is not None}

    def attaches_protection(self, venue: Venue) -> bool:
        return self._pool.dialect(venue).attaches

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        if account.environment is Environment.LIVE and not self._allow_live:
            raise VenueRefused(Fault.LIVE_OFF, "expected CBC_LIVE_TRADING=1, was 0: no order leaves for a live account")
        dialect, instrument = self._pool.dialect(account.venue), await self._listed(account, ticket.symbol)
        placing = Placing(ticket, instrument, account.hedge, tuple(attached))
        if ticket.leg is Leg.ENTRY:
            await self._prepare(account, dialect, placing)
        self._balances.pop(account.id, None)
        try:
            booked = await self._call(account, lambda client: dialect.place(client, placing))
        except VenueRefused as refusal:
            if refusal.fault is Fault.FILTER:
                self._listings.forget((account.venue, account.environment))
            raise
        return _report(account, booked or await self._just_taken(account, Sought(ticket.client_id, instrument, ticket.leg)))

    async def find(self, account: ExchangeAccount, symbol: Symbol, client_id: str) -> Report | None:
        sought = await self._sought(account, symbol, client_id)
        if sought is None:
            return None
        dialect = self._pool.dialect(account.venue)
        booked = await self._call(account, lambda client: dialect.find(client, sought))
        return _report(account, booked) if booked is not None else None

    async def cancel(self, account: ExchangeAccount, symbol: Symbol, client_id: str) -> None:
        sought = await self._sought(account, symbol, client_id)
        if sought is not None:
            dialect = self._pool.dialect(account.venue)
            await self._call(account, lambda client: dialect.cancel(client, sought))

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side) -> Holding | None:
        dialect, instrument = self._pool.dialect(account.venue), await self._listed(account, symbol)
        held = await self._call(account, lambda client: dialect.holdings(client, instrument))
        return next((one for one in held if one.symbol == symbol and one.side is side), None)

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        closed = await self._closings(account, symbol, side, since, None)
        return closed[-1].ending if closed else None

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        closed = [one for one in await self._closings(account, symbol, side, since, until) if one.ending.at <= until]
        if not closed:
            return None
        none = closed[0].net * 0
        return ClosedResult(sum((one.ending.quantity for one in closed), none), sum((one.net for one in closed), none))

    async def changes(self, most: int) -> Sequence[Report]:
        return self._streams.take(most)

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        dialect = self._pool.dialect(account.venue)
        return await self._call(account, dialect.open_orders)

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        self._streams.follow(accounts)

    async def close(self) -> None:
        await self._streams.close()
        await self._pool.close()

    async def _heard(self, account: ExchangeAccount, symbol: Symbol, client_id: str) -> Report | None:
        """What became of an order that a stream spoke of; None when it is none of ours or cannot be asked for now."""
        if leg_of(client_id) is None:
            return None
        try:
            return await self.find(account, symbol, client_id)
        except (VenueRefused, OutcomeUnknown):
            return None

    async def _just_taken(self, account: ExchangeAccount, sought: Sought) -> Booked:
        """What became of an order that the venue took; whatever keeps it from telling is no refusal of the order."""
        dialect = self._pool.dialect(account.venue)
        try:
            booked = await self._call(account, lambda client: dialect.find(client, sought))
        except VenueRefused as refusal:
            raise OutcomeUnknown(f"{account.venue.value}: the order was taken, and not told of: {refusal.detail}") from refusal
        if booked is None:
            raise OutcomeUnknown(f"{account.venue.value}: expected the order that was just taken, was unknown there")
        return booked

    async def _prepare(self, account: ExchangeAccount, dialect: Dialect, placing: Placing) -> None:
        ticket, leverage, now = placing.ticket, placing.ticket.leverage or 1, self._clock.now()
        chosen, at = self._prepared.get((account.id, ticket.symbol), (None, now))
        if chosen == leverage and now - at < PREPARED_LASTS:
            return
        instrument, hedge = placing.instrument, placing.hedge
        try:
            await self._call(account, lambda client: dialect.prepare(client, instrument, ticket.side, leverage, hedge=hedge))
        except OutcomeUnknown as lost:
            # Nothing was ordered yet, and setting it again changes nothing.
            raise VenueRefused(Fault.NETWORK, lost.detail) from lost
        self._prepared[account.id, ticket.symbol] = leverage, now

    async def _reading(self, account: ExchangeAccount) -> AccountReading:
        now, known = self._clock.now(), self._balances.get(account.id)
        if known is not None and now - known.at < BALANCE_LASTS:
            return known
        dialect = self._pool.dialect(account.venue)
        balance = await self._call(account, dialect.balance)
        await self._learn_tiers(account)
        held = balance.held
        if held is None:
            held = frozenset(one.symbol for one in await self._call(account, lambda client: dialect.holdings(client, None)))
        reading = AccountReading(account.id, balance.equity, balance.available, balance.margin_in_use, now, held)
        self._balances[account.id] = reading
        return reading

    async def _learn_tiers(self, account: ExchangeAccount) -> None:
        """Whoever is read first tells the leverage tiers for all of a venue that tells them to the owner of a key only."""
        market = account.venue, account.environment
        async with self._learning:
            if self._listings.lacks_tiers(market):
                with suppress(VenueRefused, OutcomeUnknown):
                    await self._call(account, lambda client: self._listings.learn_tiers(market, client))

    async def _closings(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime | None
    ) -> Sequence[Closed]:
        dialect, instrument = self._pool.dialect(account.venue), await self._listed(account, symbol)
        return await self._call(account, lambda client: dialect.closings(client, instrument, side, since, until))

    async def _sought(self, account: ExchangeAccount, symbol: Symbol, client_id: str) -> Sought | None:
        """What to ask for; None for a symbol that the venue never had, where no order can be."""
        try:
            return Sought(client_id, await self._listed(account, symbol), leg_of(client_id))
        except VenueRefused as refusal:
            if refusal.fault is Fault.SYMBOL_CLOSED:
                return None
            raise

    async def _listed(self, account: ExchangeAccount, symbol: Symbol) -> Instrument:
        market = account.venue, account.environment
        instrument = await self._asked(self._pool.dialect(account.venue), self._listings.rules(market, symbol))
        if instrument is None:
            raise VenueRefused(Fault.SYMBOL_CLOSED, f"expected a symbol of {account.venue.value}, was {symbol}")
        return instrument

    async def _call(self, account: ExchangeAccount, call: Callable[[Client], Awaitable[T]]) -> T:
        async with self._pool.of(account) as client:
            return await self._asked(self._pool.dialect(account.venue), call(client))

    async def _asked(self, dialect: Dialect, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except vendor.BaseError as error:
            # The vendor's error holds the address with the signature: it ends here.
            raise translated(error, dialect.venue, dialect.faults, dialect.doubtful) from None


def _report(account: ExchangeAccount, booked: Booked) -> Report:
    return Report(account.id, booked.client_id, booked.venue_order_id, booked.state, booked.fills, booked.at, booked.code)
