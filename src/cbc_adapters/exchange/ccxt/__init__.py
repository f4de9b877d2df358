"""The four real venues through ccxt: one adapter, one dialect for each venue."""
