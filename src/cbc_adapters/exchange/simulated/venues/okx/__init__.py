"""OKX v5 perpetuals as they are spoken on the wire."""

from cbc_adapters.exchange.simulated.venues.okx.protocol import OkxWire as OkxWire
