"""What the market allows now."""
