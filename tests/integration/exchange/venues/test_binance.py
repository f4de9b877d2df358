"""Binance through unmodified ccxt, over TLS, against the simulated venue."""

from cbc_domain.kernel.venues import Venue
from tests.integration.exchange.venues.bench import VenuePromises


class TestBinance(VenuePromises):
    """rules: EXC-01"""

    venue = Venue.BINANCE
