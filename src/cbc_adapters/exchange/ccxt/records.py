"""What the venues' own books say of an account: how positions ended, what they brought, and what money was moved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.clients import ClientPool
from cbc_adapters.exchange.ccxt.dialect import Client, Closed
from cbc_adapters.exchange.ccxt.fundings import Fundings
from cbc_adapters.exchange.ccxt.limits import Errand
from cbc_adapters.exchange.ccxt.listings import Listings
from cbc_adapters.exchange.ccxt.traffic import LONGEST_WAIT_S, Traffic
from cbc_adapters.exchange.ccxt.translate import milliseconds
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import ClosedResult, Ending
from cbc_domain.ports.system import Clock
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer

RESULT_WAIT_S: Final = 10.0
"""How long a question for a result waits for its turn: no task of an account waits with it, and many are asked at once."""


@attrs.frozen
class _Inquiry:
    """Who asks for closings: the errand that it is, and the cheaper one for a time in which no funding fell due."""

    errand: Errand
    brief: Errand
    patience_s: float


_ENDING: Final = _Inquiry(Errand.ENDING, Errand.BRIEF_ENDING, LONGEST_WAIT_S)
_RESULT: Final = _Inquiry(Errand.CLOSINGS, Errand.BRIEF_CLOSINGS, RESULT_WAIT_S)


@attrs.frozen
class Records:
    """As a venue tells them now; nothing is remembered but when funding fell due."""

    pool: ClientPool
    traffic: Traffic
    listings: Listings
    fundings: Fundings
    clock: Clock

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        """A task waits for it: it goes before results, which nobody waits for (EXC-08)."""
        closed = await self._closings(account, symbol, side, (since, None), _ENDING)
        return closed[-1].ending if closed else None

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        told = await self._closings(account, symbol, side, (since, until), _RESULT)
        closed = [one for one in told if one.ending.at <= until]
        if not closed:
            return None
        none = closed[0].net * 0
        return ClosedResult(sum((one.ending.quantity for one in closed), none), sum((one.net for one in closed), none))

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        dialect, since_ms = self.pool.dialect(account.venue), milliseconds(since)
        told = await self.traffic.of(account, Errand.TRANSFERS, lambda client: dialect.transfers(client, since_ms))
        # Pages that move while they are read tell some of it twice.
        moved = {one.venue_id: one for one in told if one.amount and milliseconds(one.at) >= since_ms}
        in_order = sorted(moved.values(), key=lambda one: (one.at, one.venue_id))
        return [Transfer(account.id, one.venue_id, one.amount, one.at) for one in in_order]

    async def _closings(
        self,
        account: ExchangeAccount,
        symbol: Symbol,
        side: Side,
        span: tuple[datetime, datetime | None],
        inquiry: _Inquiry,
    ) -> Sequence[Closed]:
        """Of a `span` from an instant to another, or to now."""
        market, (since, until) = (account.venue, account.environment), span
        dialect, instrument = self.pool.dialect(account.venue), await self.listings.listed(market, symbol)
        funded = await self.fundings.perhaps(market, symbol, since, until or self.clock.now())

        async def closings(client: Client) -> Sequence[Closed]:
            return await dialect.closings(client, instrument, side, since, until, funded=funded)

        errand = inquiry.errand if funded else inquiry.brief
        return await self.traffic.of(account, errand, closings, patience_s=inquiry.patience_s)
