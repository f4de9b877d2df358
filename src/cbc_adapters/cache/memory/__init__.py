"""Counters within one process."""
