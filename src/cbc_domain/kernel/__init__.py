"""The vocabulary every context shares: money, numbers, time, identity, errors and events."""
