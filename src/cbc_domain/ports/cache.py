"""Short-lived counters that may be lost without losing truth (ARC-09)."""

from datetime import datetime, timedelta
from typing import Protocol


class Throttle(Protocol):
    async def take(self, bucket: str, capacity: int, per: timedelta, now: datetime) -> timedelta | None:
        """Take one token of a bucket that holds `capacity` and refills evenly `per`; None when granted, else how long to wait.

        Exact under concurrency within one store; a store that is away grants.
        """
