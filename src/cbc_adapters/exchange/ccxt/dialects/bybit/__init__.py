"""Bybit, as ccxt reaches it."""
