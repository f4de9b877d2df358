"""The machine's clock, in UTC."""

from datetime import UTC, datetime


class SystemClock:
    """Tell the time; it may step back when the machine is corrected, so durations are not measured with it."""

    def now(self) -> datetime:
        return datetime.now(UTC)
