"""Token buckets in the memory of one process."""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

MOST_BUCKETS: Final = 10_000
"""Above this, buckets that are full again are forgotten; a full bucket and an unknown one are the same."""


class MemoryThrottle:
    """Count tokens as the instant at which a bucket will be full again (the generic cell rate algorithm).

    Mutable because it counts; exact because nothing else runs between reading and writing a bucket.
    """

    def __init__(self) -> None:
        self._full_at: dict[str, int] = {}

    async def take(self, bucket: str, capacity: int, per: timedelta, now: datetime) -> timedelta | None:
        interval = per // MICROSECOND // capacity
        moment = (now - EPOCH) // MICROSECOND
        known = self._full_at.get(bucket, 0)
        # No bucket can be emptier than empty: the clock was put back since, and what it said then is forgotten.
        since = known if moment < known <= moment + interval * capacity else moment
        full_at = since + interval
        wait = full_at - moment - interval * capacity
        if wait > 0:
            return wait * MICROSECOND
        self._full_at[bucket] = full_at
        if len(self._full_at) > MOST_BUCKETS:
            self._full_at = {name: full for name, full in self._full_at.items() if full > moment}
        return None
