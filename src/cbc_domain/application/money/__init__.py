"""From a closed trade to commission, and everything a member sees of money."""
