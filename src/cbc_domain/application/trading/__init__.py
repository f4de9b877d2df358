"""From an alert to protected positions and back to flat."""
