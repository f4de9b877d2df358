"""Bitget's published limits: 6,000 requests a minute from one address; each account 10 a second of most endpoints.

Source: bitget.com/api-doc/common/intro and the rate limit of each endpoint of /api/v2/mix; its headers tell nothing more
than the refusal itself.
"""

from typing import Final

from cbc_adapters.exchange.ccxt.limits import Counted, Errand, Limit, Payer, Published

_W: Final = Counted.WEIGHT
_R: Final = Counted.READS
LIMITS: Final = Published(
    limits=(
        Limit(Payer.ADDRESS, Counted.WEIGHT, 6000, 60),
        Limit(Payer.ACCOUNT, Counted.ORDERS, 10, 1),
        Limit(Payer.ACCOUNT, Counted.READS, 10, 1),
    ),
    costs={
        Errand.TIME: {_W: 1},
        Errand.INSTRUMENTS: {_W: 1},
        Errand.TIERS: {_W: 1},
        Errand.QUOTE: {_W: 1},
        Errand.PREPARE: {_W: 2, _R: 2},
        # The answer does not tell the fills: they are found afterwards.
        Errand.ENTER: {_W: 1, Counted.ORDERS: 1},
        Errand.LEAVE: {_W: 1, Counted.ORDERS: 1},
        Errand.GUARD: {_W: 1, Counted.ORDERS: 1},
        Errand.FIND: {_W: 2, _R: 1},
        Errand.SEEK: {_W: 2, _R: 1},
        Errand.SEEK_ALONG: {_W: 2, _R: 1},
        Errand.LOOK: {_W: 2, _R: 1},
        Errand.CANCEL: {_W: 1, Counted.ORDERS: 1},
        Errand.CANCEL_ALONG: {_W: 3, Counted.ORDERS: 2, _R: 1},
        Errand.HOLDINGS: {_W: 1, _R: 1},
        Errand.BALANCE: {_W: 1, _R: 1},
        # The time, and two kinds of thirty days.
        Errand.TRANSFERS: {_W: 3, _R: 2},
        # Never asked here.
        Errand.FUNDINGS: {},
        Errand.CLOSINGS: {_W: 2, _R: 1},
        Errand.BRIEF_CLOSINGS: {_W: 2, _R: 1},
        Errand.ENDING: {_W: 2, _R: 1},
        Errand.BRIEF_ENDING: {_W: 2, _R: 1},
        Errand.OPEN_ORDERS: {_W: 2, _R: 1},
        Errand.EXAMINE: {_W: 3, _R: 3},
    },
    # 300 connections in 5 minutes.
    stream_every_s=1.0,
    account_codes=frozenset(),
)
