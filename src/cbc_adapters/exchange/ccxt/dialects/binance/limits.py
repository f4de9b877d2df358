"""Binance's published limits and what our calls weigh.

Source: developers.binance.com/docs/derivatives/usds-margined-futures, "general info" and the weight of each endpoint.
"""

from typing import Final

from cbc_adapters.exchange.ccxt.limits import Counted, Errand, Headers, Left, Limit, Payer, Published

_WEIGHT: Final = Limit(Payer.ADDRESS, Counted.WEIGHT, 2400, 60)
_ORDERS_10S: Final = Limit(Payer.ACCOUNT, Counted.ORDERS, 300, 10)
_ORDERS_1M: Final = Limit(Payer.ACCOUNT, Counted.ORDERS, 1200, 60)
_USED: Final = {
    "x-mbx-used-weight-1m": _WEIGHT,
    "x-mbx-order-count-10s": _ORDERS_10S,
    "x-mbx-order-count-1m": _ORDERS_1M,
}


def left(headers: Headers) -> tuple[Left, ...]:
    """Binance tells what was used of the window that runs."""
    told = [(limit, headers.get(name, "")) for name, limit in _USED.items()]
    return tuple(Left(limit, limit.amount - int(used)) for limit, used in told if used.isdecimal())


_W: Final = Counted.WEIGHT
LIMITS: Final = Published(
    limits=(_WEIGHT, _ORDERS_10S, _ORDERS_1M),
    costs={
        Errand.TIME: {_W: 1},
        Errand.INSTRUMENTS: {_W: 1},
        Errand.TIERS: {_W: 1},
        # premiumIndex 1, bookTicker of one symbol 2.
        Errand.QUOTE: {_W: 3},
        # marginType 1, leverage 1.
        Errand.PREPARE: {_W: 2},
        # The order itself weighs nothing; its trades weigh 5.
        Errand.ENTER: {_W: 5, Counted.ORDERS: 1},
        Errand.LEAVE: {_W: 5, Counted.ORDERS: 1},
        Errand.GUARD: {_W: 1, Counted.ORDERS: 1},
        # order 1, its trades 5.
        Errand.FIND: {_W: 6},
        Errand.SEEK: {_W: 1},
        Errand.SEEK_ALONG: {_W: 1},
        # algoOrder 1, what it became 1, its trades 5.
        Errand.LOOK: {_W: 7},
        Errand.CANCEL: {_W: 1},
        Errand.CANCEL_ALONG: {_W: 1},
        Errand.HOLDINGS: {_W: 5},
        Errand.BALANCE: {_W: 5},
        Errand.TRANSFERS: {_W: 30},
        # Weighs nothing, and counts among 500 in 5 minutes: a symbol is asked for every 10 s at most.
        Errand.FUNDINGS: {_W: 1},
        # userTrades 5, income 30.
        Errand.CLOSINGS: {_W: 35},
        Errand.BRIEF_CLOSINGS: {_W: 5},
        Errand.ENDING: {_W: 35},
        Errand.BRIEF_ENDING: {_W: 5},
        # Without a symbol, plain and algo orders 40 each.
        Errand.OPEN_ORDERS: {_W: 80},
        # positionSide/dual 30, account 5; the look at the key's rights is counted elsewhere.
        Errand.EXAMINE: {_W: 35},
    },
    # 300 connections in 5 minutes.
    stream_every_s=1.0,
    account_codes=frozenset({"-1015"}),
    left=left,
)
