"""Short-lived counters."""
