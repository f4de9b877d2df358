"""Recorded candles: read one at a time, checked, and never repaired (BT-02)."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

import attrs

from cbc_adapters.market_data.replay.rows import Row, rows
from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.time import parse_instant

LARGEST_EXPONENT: Final = 20
"""Prices and volumes outside 10**-20 .. 10**20 are not candles but damage."""

ROWS_THAT_TELL_THE_BAR: Final = 1_000


@attrs.frozen
class RecordedCandle:
    """One bar: the instant it opened (UTC), prices in USDT, volume in the unit of the recording."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@attrs.frozen
class Gap:
    """Bars that the recording lacks: the last candle before them and the first one after."""

    after: datetime
    until: datetime
    missing: int


@attrs.frozen
class Survey:
    """What a recording holds: its bar length, first and last opening, how many candles, and where some are missing."""

    bar: timedelta
    first: datetime
    last: datetime
    candles: int
    gaps: tuple[Gap, ...]


class CandleFile:
    """A recording that can be read again and again, in memory that does not grow with it.

    Reading raises Invalid `candles_missing` or `candles_invalid`, naming file, line and column: candles must ascend
    without repeating or overlapping, prices be positive, the high highest and the low lowest.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __iter__(self) -> Iterator[RecordedCandle]:
        bar = self.bar()
        before: RecordedCandle | None = None
        for line, candle in self._read():
            if before is not None and candle.opened_at - before.opened_at < bar:
                raise self._fault(line, "timestamp", f"at least {bar} after {before.opened_at}", candle.opened_at)
            yield candle
            before = candle

    def bar(self) -> timedelta:
        """The length of a bar: the commonest distance among the first rows; a lone candle counts as a minute."""
        openings = [candle.opened_at for _, candle in islice(self._read(), ROWS_THAT_TELL_THE_BAR)]
        if not openings:
            raise Invalid("candles_missing", f"{self.path.name}: expected candles, was a head without rows")
        distances = Counter(later - earlier for earlier, later in pairwise(openings) if later > earlier)
        return min(distances, key=lambda d: (-distances[d], d), default=timedelta(minutes=1))

    def survey(self) -> Survey:
        """Read the whole recording once and say what is in it; gaps are stated, never filled."""
        bar, count, gaps = self.bar(), 0, []
        first = last = None
        for candle in self:
            if last is not None and candle.opened_at - last > bar:
                gaps.append(Gap(last, candle.opened_at, (candle.opened_at - last) // bar - 1))
            first = first or candle.opened_at
            last = candle.opened_at
            count += 1
        if first is None or last is None:
            raise Invalid("candles_missing", f"{self.path.name}: expected candles, was none")
        return Survey(bar, first, last, count, tuple(gaps))

    def _read(self) -> Iterator[tuple[int, RecordedCandle]]:
        for line, row in rows(self.path):
            yield line, self._candle(line, row)

    def _candle(self, line: int, row: Row) -> RecordedCandle:
        opened_at = self._instant(line, row["timestamp"])
        prices = {column: self._number(line, row, column) for column in ("open", "high", "low", "close", "volume")}
        for column in ("open", "high", "low", "close"):
            if prices[column] <= 0:
                raise self._fault(line, column, "a positive price", prices[column])
        if prices["volume"] < 0:
            raise self._fault(line, "volume", "zero or more", prices["volume"])
        if prices["high"] < max(prices["open"], prices["close"], prices["low"]):
            raise self._fault(line, "high", "the highest price of the bar", prices["high"])
        if prices["low"] > min(prices["open"], prices["close"]):
            raise self._fault(line, "low", "the lowest price of the bar", prices["low"])
        return RecordedCandle(opened_at, **prices)

    def _number(self, line: int, row: Row, column: str) -> Decimal:
        try:
            # Text in between: the shortest decimal that means the same binary number, not its long tail.
            number = Decimal(str(row[column]).strip())
        except InvalidOperation:
            raise self._fault(line, column, "a decimal number", row[column]) from None
        if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
            raise self._fault(line, column, "a decimal number", row[column])
        return number

    def _instant(self, line: int, cell: object) -> datetime:
        if isinstance(cell, datetime):
            return cell.replace(tzinfo=UTC) if cell.tzinfo is None else cell.astimezone(UTC)
        text = str(cell).strip()
        try:
            return _from_epoch(text) if text.isascii() and text.isdigit() else parse_instant(text)
        except (Invalid, OverflowError):
            raise self._fault(line, "timestamp", "a UTC time", cell) from None

    def _fault(self, line: int, column: str, expected: str, found: object) -> Invalid:
        detail = f"{self.path.name} line {line} column {column}: expected {expected}, was {str(found)[:40]!r}"
        return Invalid("candles_invalid", detail)


def _from_epoch(digits: str) -> datetime:
    # Ten digits are seconds until the year 2286, thirteen are milliseconds.
    count = int(digits)
    return datetime(1970, 1, 1, tzinfo=UTC) + (timedelta(seconds=count) if len(digits) <= 10 else timedelta(milliseconds=count))
