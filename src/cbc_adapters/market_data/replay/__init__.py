"""Recorded candles, alerts and market readings from files."""
