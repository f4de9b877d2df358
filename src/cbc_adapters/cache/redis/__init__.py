"""Counters shared by processes through Redis."""
