"""Binance USDS-M futures as it is spoken on the wire."""

from cbc_adapters.exchange.simulated.venues.binance.protocol import BinanceWire as BinanceWire
