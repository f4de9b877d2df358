"""From the rows of a venue's ticker list to the pulse of the market (MKT-02, MKT-03)."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import SYMBOL, Symbol
from cbc_domain.market.model import Pulse

UNIVERSE: Final = 100
ROW_WITHIN: Final = timedelta(seconds=300)
"""How many pairs make the pulse, and how old a row of one may be, limit included (MKT-02)."""

STABLECOINS: Final = frozenset({"USDC", "FDUSD", "TUSD", "USDP", "DAI", "BUSD", "USDE", "USD1", "PYUSD", "XUSD", "EURI", "EUR"})
INDEX_PRODUCTS: Final = frozenset({"BTCDOM", "DEFI", "FOOTBALL", "BLUEBIRD"})
_LEVERAGED: Final = re.compile(r"(.+?)(?:[2-5][LS]|BULL|BEAR|UP|DOWN)")
_QUOTE: Final = "USDT"


@attrs.frozen
class TickerRow:
    """What a venue says of one pair over 24 hours: `change` in percent, `volume` in USDT; None is a value it did not give."""

    symbol: Symbol
    price: Decimal | None
    change: Decimal | None
    volume: Decimal | None
    at: datetime

    @property
    def coin(self) -> str:
        return self.symbol.removesuffix(_QUOTE)


def pulse_of(rows: Sequence[TickerRow], now: datetime) -> Pulse | None:
    """Take the pulse of the 100 USDT pairs with the most volume; None when none of their rows is valid (MKT-03).

    How many rows were valid is part of it: with fewer than 80 the pulse is not usable (MKT-02).
    """
    valid = [(row.change, row.volume) for row in universe(rows) if _valid(row, now)]
    known = [(change, volume) for change, volume in valid if change is not None and volume is not None]
    if not known:
        return None
    rising = sum(1 for change, _ in known if change > 0)
    moved = sum((EXACT.multiply(change, volume) for change, volume in known), start=Decimal(0))
    total = sum((volume for _, volume in known), start=Decimal(0))
    return Pulse(
        pm_plus=EXACT.divide(Decimal(100 * rising), Decimal(len(known))),
        vwdelta=EXACT.divide(moved, total),
        valid_rows=len(known),
        taken_at=now,
    )


def universe(rows: Sequence[TickerRow]) -> Sequence[TickerRow]:
    """The pairs that are looked at: by volume, without stablecoins, leveraged tokens and index products (MKT-02)."""
    coins = {row.coin for row in rows}
    pairs = {row.symbol: row for row in rows if SYMBOL.fullmatch(row.symbol) and not _left_out(row.coin, coins)}
    ranked = sorted(pairs.values(), key=lambda row: (-(_positive(row.volume) or Decimal(0)), row.symbol))
    return ranked[:UNIVERSE]


def _left_out(coin: str, coins: Collection[str]) -> bool:
    return coin in STABLECOINS or coin in INDEX_PRODUCTS or any(underlying in coins for underlying in _underlying(coin))


def _underlying(coin: str) -> Iterator[str]:
    # JUP and SYRUP are coins of their own: a token is leveraged only when what it multiplies is listed too.
    match = _LEVERAGED.fullmatch(coin)
    if match is not None:
        yield match[1]


def _valid(row: TickerRow, now: datetime) -> bool:
    known = row.change is not None and row.change.is_finite()
    return known and None not in (_positive(row.price), _positive(row.volume)) and abs(now - row.at) <= ROW_WITHIN


def _positive(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() and value > 0 else None
