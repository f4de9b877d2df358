"""Who brought whom."""
