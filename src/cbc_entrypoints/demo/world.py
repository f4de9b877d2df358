"""What happens outside while the demonstration runs: prices, market readings, alerts, minute by minute."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

import attrs

from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.model import Bar
from cbc_adapters.exchange.simulated.prices import SimulatedPrices
from cbc_adapters.market_data.replay.alerts import read_alerts
from cbc_adapters.market_data.replay.candles import CandleFile
from cbc_adapters.market_data.replay.readings import read_readings
from cbc_domain.kernel.venues import Symbol
from cbc_domain.market.model import Direction, FearGreed, Observation, Pulse
from cbc_entrypoints.demo.script import observations, scripted_alerts

MINUTE: Final = timedelta(minutes=1)
BAR_LENGTH: Final = timedelta(minutes=30)
GENERATED_START: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GENERATED_MINUTES: Final = 400
RECORDED_SYMBOL: Final = Symbol("BTCUSDT")
"""The alerts that come with recorded candles name this perpetual."""


@attrs.frozen
class Moment:
    """One minute that has passed: the bars that closed at `at`, what sources said since the last, alerts that fire now."""

    at: datetime
    bars: Mapping[Symbol, Bar]
    observations: Sequence[Observation]
    alerts: Sequence[bytes]


class World(Protocol):
    """`prices` is `simulated` or `file`; `start` comes before the first moment."""

    @property
    def prices(self) -> str: ...

    @property
    def start(self) -> datetime: ...

    def moments(self) -> Iterator[Moment]: ...


@attrs.frozen
class GeneratedWorld:
    """Seven seeded hours of eight coins with a market that changes its mind; same seed, same world."""

    seed: int
    prices: str = "simulated"
    start: datetime = GENERATED_START

    def moments(self) -> Iterator[Moment]:
        walks = {one.symbol: SimulatedPrices(one, START_PRICES[one.symbol], self.seed) for one in DEMONSTRATION}
        script = scripted_alerts(self.seed, tuple(walks))
        for minute in range(1, GENERATED_MINUTES + 1):
            at = self.start + minute * MINUTE
            bars = {symbol: walk.next_bar() for symbol, walk in walks.items()}
            alerts = [one.body(at, bars[one.symbol].close) for one in script.get(minute, ()) for _ in range(one.copies)]
            yield Moment(at, bars, observations(minute, at), alerts)


@attrs.frozen
class RecordedWorld:
    """Candles and alerts from files; market readings from a recording, or one direction that the run was told, or none."""

    candles: Path
    alerts: Path
    market: Path | None
    told: Direction | None
    prices: str = "file"

    @property
    def start(self) -> datetime:
        return CandleFile(self.candles).survey().first

    def moments(self) -> Iterator[Moment]:
        alerts = _Until((alert.at, alert.body.encode()) for alert in read_alerts(self.alerts))
        readings = _Until((one.at, one) for one in read_readings(self.market)) if self.market else None
        at = self.start
        for candle in CandleFile(self.candles):
            at = candle.opened_at + MINUTE
            seen = readings.take(at) if readings else _told(self.told, at)
            bar = Bar(candle.open, candle.high, candle.low, candle.close)
            yield Moment(at, {RECORDED_SYMBOL: bar}, seen, alerts.take(at))
        yield Moment(at, {}, (), alerts.take(_END))


T = TypeVar("T")


class _Until(Generic[T]):
    """Hands out what is dated up to an instant, in order; mutable because it remembers how far it has read."""

    def __init__(self, dated: Iterable[tuple[datetime, T]]) -> None:
        self._dated = iter(dated)
        self._next = next(self._dated, None)

    def take(self, at: datetime) -> list[T]:
        taken: list[T] = []
        while self._next is not None and self._next[0] <= at:
            taken.append(self._next[1])
            self._next = next(self._dated, None)
        return taken


_END: Final = datetime.max.replace(tzinfo=UTC)
_TOLD_INDEX: Final = {Direction.LONG_ONLY: 20, Direction.SHORT_ONLY: 85, Direction.BOTH: 50}


def _told(direction: Direction | None, at: datetime) -> Sequence[Observation]:
    """An index that stands for the direction the run was told, kept fresh every five minutes and marked as simulated."""
    if direction is None or at.minute % 5:
        return ()
    index = FearGreed(_TOLD_INDEX[direction], fetched_at=at, published_at=at)
    pulse = Pulse(Decimal(50), Decimal(0), valid_rows=100, taken_at=at)
    return (Observation(at, index, pulse, sources=("told to this run",), simulated=True),)
