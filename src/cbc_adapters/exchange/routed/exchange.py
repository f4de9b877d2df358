"""Every call to the exchange that its account or market is of: paper to the platform's own, all others to the venues."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import (
    ClosedResult,
    Ending,
    Exchange,
    Holding,
    OpenOrder,
    Report,
    Ticket,
    Travelled,
    VenueStanding,
)
from cbc_domain.ports.venue_faults import OutcomeUnknown
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote


class RoutedExchange:
    """Nothing made for one of the two is ever repeated at the other (ELG-01). Mutable: it remembers the opened venues."""

    def __init__(self, paper: Exchange, open_venues: Callable[[], Exchange]) -> None:
        """`open_venues` gives the same exchange whenever it is called; nobody calls it before an account of a venue is met."""
        self._paper, self._open_venues = paper, open_venues
        self._venues: Exchange | None = None

    async def instrument(
        self, venue: Venue, environment: Environment, symbol: Symbol, *, hurried: bool = False
    ) -> Instrument | None:
        return await self._at(venue).instrument(venue, environment, symbol, hurried=hurried)

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        return await self._at(venue).quote(venue, environment, symbol, ago)

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        """Where one of the two does not answer at all, its accounts are left out."""
        paper = [account for account in accounts if account.venue is Venue.PAPER]
        others = [account for account in accounts if account.venue is not Venue.PAPER]
        asked = [(self._at(some[0].venue), some) for some in (paper, others) if some]
        answers = await asyncio.gather(*(_read(exchange, some) for exchange, some in asked))
        return {account: reading for answer in answers for account, reading in answer.items()}

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        return self._at(venue).attached_legs(venue)

    def takes_stop_first(self, venue: Venue) -> bool:
        return self._at(venue).takes_stop_first(venue)

    def forgets_ids(self, venue: Venue) -> bool:
        return self._at(venue).forgets_ids(venue)

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        await self._at(account.venue).prepare(account, symbol, side, leverage)

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        return await self._at(account.venue).place(account, ticket, attached)

    async def find(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> Report | None:
        return await self._at(account.venue).find(account, symbol, client_id, travelled)

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        return await self._at(account.venue).cancel(account, symbol, client_id, travelled)

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        return await self._at(account.venue).holding(account, symbol, side, hurried=hurried)

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        return await self._at(account.venue).ending(account, symbol, side, since)

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        return await self._at(account.venue).closed_result(account, symbol, side, since, until)

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        return await self._at(account.venue).open_orders(account)

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        return await self._at(account.venue).transfers(account, since)

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        await self._paper.follow([account for account in accounts if account.venue is Venue.PAPER])
        others = [account for account in accounts if account.venue is not Venue.PAPER]
        if others or self._venues is not None:
            await self._elsewhere().follow(others)

    async def changes(self, most: int) -> Sequence[Report]:
        """A paper exchange that is away keeps no venue's report back."""
        told = list(await self._venues.changes(most)) if self._venues is not None else []
        try:
            return told + list(await self._paper.changes(most - len(told))) if len(told) < most else told
        except OutcomeUnknown:
            if told:
                return told
            raise

    async def standings(self) -> Sequence[VenueStanding]:
        elsewhere = await self._venues.standings() if self._venues is not None else ()
        return [*await self._paper.standings(), *elsewhere]

    def _at(self, venue: Venue) -> Exchange:
        return self._paper if venue is Venue.PAPER else self._elsewhere()

    def _elsewhere(self) -> Exchange:
        if self._venues is None:
            self._venues = self._open_venues()
        return self._venues


async def _read(exchange: Exchange, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
    try:
        return await exchange.readings(accounts)
    except OutcomeUnknown:
        return {}
