"""Bitget, as ccxt reaches it."""
