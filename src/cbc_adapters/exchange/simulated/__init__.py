"""A venue of our own that keeps the promises of the exchange port; everything it reports is simulated."""
