"""The mark prices of the simulated venue: the latest of each symbol, and those of the last minute."""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

from cbc_domain.kernel.venues import Symbol
from cbc_domain.trading.sizes import Quote

REMEMBERED: Final = timedelta(minutes=1)
"""How far back the mark price of a past moment can be asked for."""


class MarkPrices:
    """Remember prices as they come; mutable because they do."""

    def __init__(self) -> None:
        self.latest: dict[Symbol, Quote] = {}
        self._past: dict[Symbol, deque[Quote]] = {}

    def set(self, quote: Quote) -> None:
        self.latest[quote.symbol] = quote
        past = self._past.setdefault(quote.symbol, deque())
        past.append(quote)
        while len(past) > 1 and past[1].at <= quote.at - REMEMBERED:
            past.popleft()

    def at(self, symbol: Symbol, moment: datetime) -> Quote | None:
        """The price that stood at a moment, at most a minute back; None when nothing is known of it."""
        return next((quote for quote in reversed(self._past.get(symbol, ())) if quote.at <= moment), None)
