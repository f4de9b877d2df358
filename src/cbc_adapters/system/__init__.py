"""Time and identity."""
