"""Bybit's published limits: 600 requests in 5 s from one address; each account and endpoint by the second.

Source: bybit-exchange.github.io/docs/v5/rate-limit (order create and cancel 10/s for linear, order/realtime, position and
wallet 50/s).
"""

from typing import Final

from cbc_adapters.exchange.ccxt.limits import Counted, Errand, Headers, Left, Limit, Payer, Published

_REQUESTS: Final = Limit(Payer.ADDRESS, Counted.WEIGHT, 600, 5)
_ORDERS: Final = Limit(Payer.ACCOUNT, Counted.ORDERS, 10, 1)
_READS: Final = Limit(Payer.ACCOUNT, Counted.READS, 50, 1)


def left(headers: Headers) -> tuple[Left, ...]:
    """Bybit tells what is left of the endpoint that was called last, and by its limit which kind that is.

    While something is left the reset instant is only the present; when nothing is, the window of a second runs out by itself.
    """
    remaining, of = headers.get("x-bapi-limit-status", ""), headers.get("x-bapi-limit", "")
    if not remaining.isdecimal() or not of.isdecimal():
        return ()
    limit = _ORDERS if int(of) <= _ORDERS.amount * 2 else _READS
    return (Left(limit, int(remaining) * limit.amount // max(int(of), 1)),)


_W: Final = Counted.WEIGHT
_R: Final = Counted.READS
LIMITS: Final = Published(
    limits=(_REQUESTS, _ORDERS, _READS),
    costs={
        Errand.TIME: {_W: 1},
        # Pages of the list.
        Errand.INSTRUMENTS: {_W: 4},
        Errand.TIERS: {_W: 1},
        Errand.QUOTE: {_W: 1},
        Errand.PREPARE: {_W: 2, _R: 2},
        # The answer does not tell the fills: the order and its executions are read at once.
        Errand.ENTER: {_W: 3, Counted.ORDERS: 1, _R: 2},
        Errand.LEAVE: {_W: 3, Counted.ORDERS: 1, _R: 2},
        Errand.GUARD: {_W: 2, Counted.ORDERS: 1, _R: 1},
        Errand.FIND: {_W: 3, _R: 3},
        # In the book, or else among those that are over.
        Errand.SEEK: {_W: 2, _R: 2},
        # Those that stand, those that ended last, all others.
        Errand.SEEK_ALONG: {_W: 3, _R: 3},
        Errand.LOOK: {_W: 3, _R: 3},
        Errand.CANCEL: {_W: 1, Counted.ORDERS: 1},
        Errand.CANCEL_ALONG: {_W: 3, Counted.ORDERS: 1, _R: 1},
        Errand.HOLDINGS: {_W: 1, _R: 1},
        Errand.BALANCE: {_W: 1, _R: 1},
        # The time, and two kinds of one week.
        Errand.TRANSFERS: {_W: 3, _R: 2},
        # Never asked here.
        Errand.FUNDINGS: {},
        Errand.CLOSINGS: {_W: 3, _R: 3},
        Errand.BRIEF_CLOSINGS: {_W: 3, _R: 3},
        Errand.ENDING: {_W: 3, _R: 3},
        Errand.BRIEF_ENDING: {_W: 3, _R: 3},
        Errand.OPEN_ORDERS: {_W: 2, _R: 2},
        Errand.EXAMINE: {_W: 3, _R: 3},
    },
    # 500 connections in 5 minutes.
    stream_every_s=0.6,
    account_codes=frozenset({"10006"}),
    left=left,
)
