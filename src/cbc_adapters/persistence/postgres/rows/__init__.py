"""Rows to values and back, in small named functions."""
