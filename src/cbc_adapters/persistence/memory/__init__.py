"""The stores in memory: the same promises as on PostgreSQL, for backtests and tests."""
