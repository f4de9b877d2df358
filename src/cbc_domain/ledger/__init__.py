"""The books: double entry, lots, debts, and the proof that every cent can be explained."""
