"""Trades: priority, size and protection, orders and positions as folds over facts."""
