"""What differs from venue to venue."""

from collections.abc import Mapping
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Dialect
from cbc_adapters.exchange.ccxt.dialects.binance.dialect import BinanceDialect
from cbc_adapters.exchange.ccxt.dialects.bitget.dialect import BitgetDialect
from cbc_adapters.exchange.ccxt.dialects.bybit.dialect import BybitDialect
from cbc_adapters.exchange.ccxt.dialects.okx.dialect import OkxDialect
from cbc_domain.kernel.venues import Venue

_ALL: Final[tuple[Dialect, ...]] = (BinanceDialect(), BybitDialect(), OkxDialect(), BitgetDialect())
DIALECTS: Final[Mapping[Venue, Dialect]] = {dialect.venue: dialect for dialect in _ALL}
