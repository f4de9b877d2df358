"""Where and how a trade may happen: exchange, environment, side, coin symbol."""

import re
from enum import StrEnum
from typing import Final, NewType

Symbol = NewType("Symbol", str)
"""A USDT perpetual in the platform's own spelling, `BTCUSDT` (SIG-12)."""

SYMBOL: Final = re.compile(r"[A-Z0-9]{1,20}USDT", re.ASCII)


class Venue(StrEnum):
    """The exchanges a member can connect; `paper` is an account of the platform's own simulation (KEY-01)."""

    BINANCE = "binance"
    BYBIT = "bybit"
    OKX = "okx"
    BITGET = "bitget"
    PAPER = "paper"


class Environment(StrEnum):
    """Fixed when a task is created; no call made for one is ever repeated in another (ELG-01)."""

    LIVE = "live"
    TESTNET = "testnet"
    PAPER = "paper"


class Side(StrEnum):
    LONG = "LONG"
    SHORT = "SHORT"

    @property
    def opposite(self) -> "Side":
        return Side.SHORT if self is Side.LONG else Side.LONG


def coin_of(symbol: Symbol) -> str:
    """The coin of a pair: the symbol without USDT (SIG-12)."""
    return symbol.removesuffix("USDT")
