"""Bitget USDT-FUTURES of the v2 interface as it is spoken on the wire."""

from cbc_adapters.exchange.simulated.venues.bitget.protocol import BitgetWire as BitgetWire
