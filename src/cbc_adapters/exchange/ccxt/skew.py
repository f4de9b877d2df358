"""How far a venue's clock is from ours, and when that is measured again (EXC-07)."""

from datetime import datetime, timedelta
from typing import Final

from cbc_adapters.exchange.ccxt.translate import instant

EVERY_S: Final = 300.0
"""EXC-07."""
AGAIN_S: Final = 30.0
"""After a measurement that failed."""
LONGEST_TRIP_MS: Final = 1000
"""A slower answer may be wrong by more than half a second: it says nothing."""


def skew_of(sent_ms: int, received_ms: int, told: datetime) -> timedelta | None:
    """How far the venue is ahead of us (negative: behind), wrong by at most half the trip; None after too slow a trip.

    The answer is taken to be written in the middle of the trip. Instants of ours are milliseconds since 1970.
    """
    trip = received_ms - sent_ms
    if not 0 <= trip <= LONGEST_TRIP_MS:
        return None
    return told - instant(sent_ms) - timedelta(milliseconds=trip) / 2


def difference_ms(skew: timedelta) -> int:
    """What ccxt takes from our time before it signs."""
    return -round(skew / timedelta(milliseconds=1))
