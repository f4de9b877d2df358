"""Binance, as ccxt reaches it."""
