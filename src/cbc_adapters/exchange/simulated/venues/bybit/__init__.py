"""Bybit v5 linear perpetuals as they are spoken on the wire."""

from cbc_adapters.exchange.simulated.venues.bybit.protocol import BybitWire as BybitWire
