"""Readings of the market as they arrive."""
