"""A stepped clock in a file, for processes that share one made-up time."""

import mmap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cbc_domain.kernel.errors import Invalid

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SIZE: Final = 8
"""Bytes: microseconds since the epoch, in the machine's own order."""


class SharedClock:
    """Tell the time that stands in a file; mutable because whoever drives it moves it, for everybody at once.

    One process advances it, any number read it: eight aligned bytes are read and written whole.
    """

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        """`start` makes the file, or moves it on; without it the file must be there (OSError)."""
        if start is not None and not path.exists():
            path.write_bytes(bytes(SIZE))
        with path.open("r+b") as file:
            self._file = mmap.mmap(file.fileno(), SIZE)
        self._micros = memoryview(self._file).cast("q")
        if start is not None:
            self.advance(to=start)

    def now(self) -> datetime:
        return EPOCH + timedelta(microseconds=self._micros[0])

    def advance(self, *, to: datetime | None = None, by: timedelta | None = None) -> datetime:
        """Move to an instant, or on by a time; give the new time. Raises Invalid `time_invalid` for a step back."""
        now = self.now()
        later = (to or now) + (by or timedelta(0))
        if later < now:
            raise Invalid("time_invalid", f"expected an instant not before {now}, was {later}")
        self._micros[0] = (later - EPOCH) // timedelta(microseconds=1)
        return later

    def close(self) -> None:
        self._micros.release()
        self._file.close()
