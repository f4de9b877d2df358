"""Prices, alerts and market readings."""
