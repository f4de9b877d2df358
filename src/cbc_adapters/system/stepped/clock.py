"""A clock that stands still until it is moved."""

from datetime import datetime, timedelta

from cbc_domain.kernel.errors import Invalid


class SteppedClock:
    """Tell the time that was set last; mutable because time passes. It never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, *, to: datetime | None = None, by: timedelta | None = None) -> datetime:
        """Move to an instant, or on by a time; give the new time. Raises Invalid `time_invalid` for a step back."""
        later = (to or self._now) + (by or timedelta(0))
        if later < self._now:
            raise Invalid("time_invalid", f"expected an instant not before {self._now}, was {later}")
        self._now = later
        return later
