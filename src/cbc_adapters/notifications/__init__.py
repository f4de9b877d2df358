"""Channels by which members are reached."""
