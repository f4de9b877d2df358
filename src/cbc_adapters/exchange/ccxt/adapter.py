"""The exchange port over ccxt: four venues, every member's own account."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cbc_adapters.exchange.ccxt.balances import Balances
from cbc_adapters.exchange.ccxt.clients import ClientPool, Market
from cbc_adapters.exchange.ccxt.dialect import Booked, Client, Placing, Sought
from cbc_adapters.exchange.ccxt.fundings import Fundings
from cbc_adapters.exchange.ccxt.limits import Errand, Published
from cbc_adapters.exchange.ccxt.listings import Listings
from cbc_adapters.exchange.ccxt.published import PUBLISHED
from cbc_adapters.exchange.ccxt.records import Records
from cbc_adapters.exchange.ccxt.streams import Streams
from cbc_adapters.exchange.ccxt.traffic import HURRIED_WAIT_S, Traffic
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import ClosedResult, Ending, Holding, OpenOrder, Report, Ticket, Travelled, VenueStanding
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import PROTECTION, Leg
from cbc_domain.trading.orders import leg_of
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

PREPARED_LASTS: Final = timedelta(minutes=10)
"""How long leverage and margin mode that we set are taken to be so still: the member may change them by hand (SIZ-04)."""

T = TypeVar("T")


class CcxtExchange:
    """Mutable: it keeps clients, rules of the venues and streams.

    With `allow_live` False no order leaves for a live account. `published` are the limits that are kept; others than the
    venues' own are for measuring against a simulated one.
    """

    def __init__(
        self, pool: ClientPool, clock: Clock, *, allow_live: bool, published: Mapping[Venue, Published] = PUBLISHED
    ) -> None:
        self._pool, self._clock, self._allow_live = pool, clock, allow_live
        self._traffic = Traffic(pool, clock, published=published)
        self._listings = Listings(pool, self._traffic, clock)
        self._balances = Balances(pool, self._traffic, self._listings, clock)
        self._records = Records(pool, self._traffic, self._listings, Fundings(pool, self._traffic, clock), clock)
        self._streams = Streams(pool, self._heard, published)
        self._prepared: dict[tuple[AccountId, Symbol], tuple[int, datetime]] = {}

    def get_ready(self, markets: Collection[Market]) -> None:
        """Build what calls need, which takes processor time, and begin to ask for the rules: no task waits for either."""
        for market in markets:
            self._pool.public(market)
            self._listings.renew(market)

    async def instrument(
        self, venue: Venue, environment: Environment, symbol: Symbol, *, hurried: bool = False
    ) -> Instrument | None:
        return await self._listings.instrument((venue, environment), symbol, hurried=hurried)

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        market = venue, environment
        try:
            if ago:
                return await self._listings.quote_before(market, symbol, ago)
            return await self._listings.quote(market, symbol)
        except (VenueRefused, OutcomeUnknown):
            return None

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        return await self._balances.read(accounts)

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        return self._pool.dialect(venue).attaches

    def takes_stop_first(self, venue: Venue) -> bool:
        return self._pool.dialect(venue).takes_stop_first

    def forgets_ids(self, venue: Venue) -> bool:
        return self._pool.dialect(venue).forgets_ids

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        if self._may_order(account):
            await self._prepare(account, await self._listed(account, symbol), side, leverage)

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        if not self._may_order(account):
            raise VenueRefused(Fault.LIVE_OFF, "expected CBC_LIVE_TRADING=1, was 0: no order leaves for a live account")
        return await self._streams.told_by(ticket.client_id, self._place(account, ticket, attached))

    async def find(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> Report | None:
        errand = Errand.SEEK if leg_of(client_id) in PROTECTION else Errand.FIND
        return await self._look(account, symbol, client_id, Errand.SEEK_ALONG if travelled else errand, travelled)

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        sought = await self._sought(account, symbol, client_id, travelled)
        if sought is None:
            return False
        dialect, errand = self._pool.dialect(account.venue), Errand.CANCEL_ALONG if travelled else Errand.CANCEL
        call = self._call(account, errand, lambda client: dialect.cancel(client, sought))
        return await self._streams.ended_by(account.id, client_id, call)

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        dialect, instrument = self._pool.dialect(account.venue), await self._listed(account, symbol)
        try:
            async with asyncio.timeout(HURRIED_WAIT_S if hurried else None):
                held = await self._traffic.ask(account, Errand.HOLDINGS, lambda client: dialect.holdings(client, instrument))
        except TimeoutError:
            detail = f"{account.venue.value}: expected what is held within {HURRIED_WAIT_S} s, was no answer"
            raise OutcomeUnknown(detail) from None
        return next((one for one in held if one.symbol == symbol and one.side is side), None)

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        return await self._records.ending(account, symbol, side, since)

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        return await self._records.closed_result(account, symbol, side, since, until)

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        return await self._call(account, Errand.OPEN_ORDERS, self._pool.dialect(account.venue).open_orders)

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        return await self._records.transfers(account, since)

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        self._streams.follow(accounts)

    async def changes(self, most: int) -> Sequence[Report]:
        return self._streams.take(most)

    async def standings(self) -> Sequence[VenueStanding]:
        return await self._traffic.standings()

    async def close(self) -> None:
        await self._streams.close()
        await self._listings.close()
        await self._traffic.close()
        await self._pool.close()

    async def _heard(self, account: ExchangeAccount, symbol: Symbol, client_id: str) -> Report | None:
        """What became of an order that a stream spoke of; None when it is none of ours or cannot be asked for now."""
        if leg_of(client_id) is None:
            return None
        try:
            return await self._look(account, symbol, client_id, Errand.LOOK)
        except (VenueRefused, OutcomeUnknown):
            return None

    async def _place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket]) -> Report:
        dialect, instrument = self._pool.dialect(account.venue), await self._listed(account, ticket.symbol)
        placing = Placing(ticket, instrument, account.hedge, tuple(attached))
        self._balances.forget(account.id)
        errand = Errand.ENTER if ticket.leg is Leg.ENTRY else Errand.GUARD if ticket.leg in PROTECTION else Errand.LEAVE
        try:
            if ticket.leg is Leg.ENTRY:
                await self._prepare(account, instrument, ticket.side, ticket.leverage or 1)
            booked = await self._call(account, errand, lambda client: dialect.place(client, placing))
        except VenueRefused as refusal:
            if refusal.fault in {Fault.FILTER, Fault.SYMBOL_CLOSED}:
                self._listings.renew((account.venue, account.environment))
            raise
        return _report(account, booked or await self._just_taken(account, Sought(ticket.client_id, instrument, ticket.leg)))

    async def _look(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, errand: Errand, travelled: Travelled | None = None
    ) -> Report | None:
        sought = await self._sought(account, symbol, client_id, travelled)
        if sought is None:
            return None
        dialect = self._pool.dialect(account.venue)

        def became(told: Booked | None) -> Errand:
            return errand if travelled or (told is not None and told.fills) else Errand.SEEK

        ask = self._traffic.of if errand is Errand.LOOK else self._traffic.ask
        booked = await ask(account, errand, lambda client: dialect.find(client, sought), became)
        return _report(account, booked) if booked is not None else None

    async def _just_taken(self, account: ExchangeAccount, sought: Sought) -> Booked:
        """What became of an order that the venue took; whatever keeps it from telling is no refusal of the order."""
        dialect = self._pool.dialect(account.venue)
        try:
            booked = await self._traffic.ask(account, Errand.FIND, lambda client: dialect.find(client, sought))
        except VenueRefused as refusal:
            raise OutcomeUnknown(f"{account.venue.value}: the order was taken, and not told of: {refusal.detail}") from refusal
        if booked is None:
            raise OutcomeUnknown(f"{account.venue.value}: expected the order that was just taken, was unknown there")
        return booked

    def _may_order(self, account: ExchangeAccount) -> bool:
        return self._allow_live or account.environment is not Environment.LIVE

    async def _prepare(self, account: ExchangeAccount, instrument: Instrument, side: Side, leverage: int) -> None:
        dialect, now = self._pool.dialect(account.venue), self._clock.now()
        chosen, at = self._prepared.get((account.id, instrument.symbol), (None, now))
        if chosen == leverage and now - at < PREPARED_LASTS:
            return

        async def prepare(client: Client) -> None:
            await dialect.prepare(client, instrument, side, leverage, hedge=account.hedge)

        try:
            await self._call(account, Errand.PREPARE, prepare)
        except OutcomeUnknown as lost:
            # Nothing was ordered yet, and setting it again changes nothing.
            raise VenueRefused(Fault.NETWORK, lost.detail) from lost
        self._prepared[account.id, instrument.symbol] = leverage, now

    async def _sought(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None
    ) -> Sought | None:
        """What to ask for; None for a symbol that the venue never had, where no order can be."""
        try:
            return Sought(client_id, await self._listed(account, symbol), leg_of(client_id), travelled)
        except VenueRefused as refusal:
            if refusal.fault is Fault.SYMBOL_CLOSED:
                return None
            raise

    async def _listed(self, account: ExchangeAccount, symbol: Symbol) -> Instrument:
        return await self._listings.listed((account.venue, account.environment), symbol)

    async def _call(self, account: ExchangeAccount, errand: Errand, call: Callable[[Client], Awaitable[T]]) -> T:
        return await self._traffic.of(account, errand, call)


def _report(account: ExchangeAccount, booked: Booked) -> Report:
    return Report(account.id, booked.client_id, booked.venue_order_id, booked.state, booked.fills, booked.at, booked.code)
