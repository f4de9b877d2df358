"""What accounts have at the venues, read side by side and kept for a moment."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.limits import Errand
from cbc_adapters.exchange.ccxt.listings import Listings
from cbc_adapters.exchange.ccxt.traffic import Traffic
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.sizes import AccountReading

READ_AT_ONCE: Final = 50
"""Accounts whose balances are asked for side by side."""
LASTS: Final = timedelta(seconds=10)
"""SIZ-02."""


class Balances:
    """Mutable: it remembers the last reading of each account."""

    def __init__(self, pool: ClientPool, traffic: Traffic, listings: Listings, clock: Clock) -> None:
        self._pool, self._traffic, self._listings, self._clock = pool, traffic, listings, clock
        self._known: dict[AccountId, AccountReading] = {}
        self._learning = asyncio.Lock()

    async def read(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        """At most 10 s old; accounts that could not be read are left out."""
        at_once = asyncio.Semaphore(READ_AT_ONCE)

        async def read(account: ExchangeAccount) -> AccountReading | None:
            async with at_once:
                try:
                    return await self._reading(account)
                except (VenueRefused, OutcomeUnknown):
                    return None

        found = await asyncio.gather(*(read(account) for account in accounts))
        return {reading.account: reading for reading in found if reading is not None}

    def forget(self, account: AccountId) -> None:
        """Something was ordered: what was read before does not hold any more."""
        self._known.pop(account, None)

    async def _reading(self, account: ExchangeAccount) -> AccountReading:
        now, known = self._clock.now(), self._known.get(account.id)
        if known is not None and now - known.at < LASTS:
            return known
        dialect = self._pool.dialect(account.venue)
        balance = await self._traffic.of(account, Errand.BALANCE, dialect.balance)
        await self._learn_tiers(account)
        held = balance.held
        if held is None:
            open_now = await self._traffic.of(account, Errand.BALANCE, lambda client: dialect.holdings(client, None))
            held = frozenset(one.symbol for one in open_now)
        reading = AccountReading(account.id, balance.equity, balance.available, balance.margin_in_use, now, held)
        self._known[account.id] = reading
        return reading

    async def _learn_tiers(self, account: ExchangeAccount) -> None:
        """Whoever is read first tells the leverage tiers for all of a venue that tells them to the owner of a key only."""
        market = account.venue, account.environment
        if not self._listings.lacks_tiers(market):
            return
        async with self._learning:
            if self._listings.lacks_tiers(market):
                with suppress(VenueRefused, OutcomeUnknown):
                    await self._traffic.of(account, Errand.TIERS, lambda client: self._listings.learn_tiers(market, client))
