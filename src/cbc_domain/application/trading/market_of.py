"""What the venues say of one symbol at this moment: its rules and its mark prices."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import attrs

from cbc_domain.kernel.venues import Symbol
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.system import Together
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.trading.opening import Market
from cbc_domain.trading.sizes import Instrument, Quote

EARLIER: Final = timedelta(seconds=5)
"""ORD-06."""


@attrs.frozen
class MarketOfSymbol:
    """A symbol's rules and mark prices by venue and environment; a market that could not be read is left out (SIZ-07).

    An instrument None means that the venue does not list the symbol; `earlier` are the mark prices of 5 s ago (ORD-06).
    """

    instruments: dict[Market, Instrument | None] = attrs.field(factory=dict)
    quotes: dict[Market, Quote] = attrs.field(factory=dict)
    earlier: dict[Market, Quote] = attrs.field(factory=dict)


@attrs.frozen
class MarketOf:
    """Asks each market once, all at the same time, whatever the number of members."""

    exchange: Exchange
    together: Together

    async def __call__(self, symbol: Symbol, markets: Collection[Market], *, earlier: bool) -> MarketOfSymbol:
        """With `earlier` the price of 5 s ago is asked for too, which only a signal without a price needs."""
        found = MarketOfSymbol()
        answers = await self.together(self._read(symbol, market, found, earlier=earlier) for market in sorted(markets))
        for answer in answers:
            if isinstance(answer, Exception) and not isinstance(answer, VenueRefused | OutcomeUnknown):
                raise answer
        return found

    async def _read(self, symbol: Symbol, market: Market, found: MarketOfSymbol, *, earlier: bool) -> None:
        found.instruments[market] = await self.exchange.instrument(*market, symbol)
        if earlier and (before := await self.exchange.quote(*market, symbol, EARLIER)) is not None:
            found.earlier[market] = before
        if (quote := await self.exchange.quote(*market, symbol)) is not None:
            found.quotes[market] = quote
