"""Who speaks which venue's protocol."""

from collections.abc import Callable, Mapping
from typing import Final

from cbc_adapters.exchange.simulated.venues.binance import BinanceWire
from cbc_adapters.exchange.simulated.venues.bitget import BitgetWire
from cbc_adapters.exchange.simulated.venues.bybit import BybitWire
from cbc_adapters.exchange.simulated.venues.okx import OkxWire
from cbc_adapters.exchange.simulated.venues.wire import Wire
from cbc_domain.kernel.venues import Venue

WIRES: Final[Mapping[Venue, Callable[[], Wire]]] = {
    Venue.BINANCE: BinanceWire,
    Venue.BYBIT: BybitWire,
    Venue.OKX: OkxWire,
    Venue.BITGET: BitgetWire,
}
