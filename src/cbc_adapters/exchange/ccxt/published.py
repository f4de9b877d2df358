"""Which venue publishes which limits."""

from collections.abc import Mapping
from typing import Final

from cbc_adapters.exchange.ccxt.dialects.binance.limits import LIMITS as BINANCE
from cbc_adapters.exchange.ccxt.dialects.bitget.limits import LIMITS as BITGET
from cbc_adapters.exchange.ccxt.dialects.bybit.limits import LIMITS as BYBIT
from cbc_adapters.exchange.ccxt.dialects.okx.limits import LIMITS as OKX
from cbc_adapters.exchange.ccxt.limits import Published
from cbc_domain.kernel.venues import Venue

PUBLISHED: Final[Mapping[Venue, Published]] = {
    Venue.BINANCE: BINANCE,
    Venue.BYBIT: BYBIT,
    Venue.OKX: OKX,
    Venue.BITGET: BITGET,
}
