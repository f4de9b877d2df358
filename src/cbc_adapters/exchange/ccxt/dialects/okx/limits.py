"""OKX's published limits: public calls by address, private ones by user; its headers do not tell what is left.

Source: okx.com/docs-v5, the rate limit of each endpoint (orders 60 in 2 s, algo orders 20 in 2 s, order details 60 in 2 s,
balance, positions and account settings 5 to 10 in 2 s, instruments and candles 20 in 2 s, mark price 10 in 2 s).
The smallest of a kind stands for all of that kind.
"""

from typing import Final

from cbc_adapters.exchange.ccxt.limits import Counted, Errand, Limit, Payer, Published

_W: Final = Counted.WEIGHT
_R: Final = Counted.READS
LIMITS: Final = Published(
    limits=(
        Limit(Payer.ADDRESS, Counted.WEIGHT, 20, 2),
        Limit(Payer.ACCOUNT, Counted.ORDERS, 20, 2),
        Limit(Payer.ACCOUNT, Counted.READS, 20, 2),
    ),
    costs={
        Errand.TIME: {_W: 2},
        Errand.INSTRUMENTS: {_W: 1},
        Errand.TIERS: {_W: 2},
        Errand.QUOTE: {_W: 3},
        # Balance, positions and settings are counted twice, because they allow 10 where the rest allows 20 and more.
        Errand.PREPARE: {_R: 2},
        Errand.ENTER: {Counted.ORDERS: 1, _R: 1},
        Errand.LEAVE: {Counted.ORDERS: 1, _R: 1},
        Errand.GUARD: {Counted.ORDERS: 1},
        Errand.FIND: {_R: 2},
        Errand.SEEK: {_R: 2},
        Errand.SEEK_ALONG: {_R: 2},
        Errand.LOOK: {_R: 2},
        Errand.CANCEL: {Counted.ORDERS: 1},
        Errand.CANCEL_ALONG: {Counted.ORDERS: 1},
        Errand.HOLDINGS: {_R: 2},
        Errand.BALANCE: {_R: 2},
        Errand.TRANSFERS: {_R: 2},
        # Never asked here.
        Errand.FUNDINGS: {},
        Errand.CLOSINGS: {_R: 3},
        Errand.BRIEF_CLOSINGS: {_R: 3},
        Errand.ENDING: {_R: 3},
        Errand.BRIEF_ENDING: {_R: 3},
        Errand.OPEN_ORDERS: {_R: 2},
        Errand.EXAMINE: {_R: 4},
    },
    # 3 connections a second, and an account has two.
    stream_every_s=0.7,
    account_codes=frozenset({"50011", "50061"}),
)
