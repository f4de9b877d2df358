"""Observations and readings of the market, as sources and earlier judgements may have left them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from cbc_domain.market.model import (
    Direction,
    Dominance,
    FearGreed,
    MarketCode,
    MarketReading,
    Observation,
    Pulse,
)

NOW: Final = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def fear_greed_of(value: int, fetched: timedelta = timedelta(hours=1), published: timedelta = timedelta(hours=10)) -> FearGreed:
    """An index value, fetched and published so long before NOW."""
    return FearGreed(value, fetched_at=NOW - fetched, published_at=NOW - published)


def pulse_of(pm_plus: str, vwdelta: str = "0", rows: int = 100, taken: timedelta = timedelta(seconds=60)) -> Pulse:
    """A pulse, taken so long before NOW."""
    return Pulse(Decimal(pm_plus), Decimal(vwdelta), rows, taken_at=NOW - taken)


def observed(
    index: FearGreed | None, pulse: Pulse | None, at: datetime = NOW, btc_dominance: Decimal | None = None
) -> Observation:
    return Observation(at, index, pulse, btc_dominance, sources=("test",))


def reading_of(
    direction: Direction,
    at: datetime = NOW,
    pulse: Pulse | None = None,
    btc_dominance: Decimal | None = None,
    size_factor: Decimal = Decimal(1),
) -> MarketReading:
    """A reading with this outcome, whatever led to it."""
    return MarketReading(
        observation=observed(None, pulse, at, btc_dominance),
        direction=direction,
        code=MarketCode.PULSE_NEUTRAL,
        confidence=Decimal("0.40"),
        divergence=False,
        size_factor=size_factor,
        dominance=Dominance.NEUTRAL,
        rule_version="test",
        pulse_usable=pulse is not None,
    )


_ages = st.timedeltas(timedelta(0), timedelta(days=4))
_decimals = st.decimals(-200, 200, places=4) | st.sampled_from(
    [Decimal(text) for text in ("NaN", "Infinity", "40", "60", "0.5", "-0.5", "0", "100")]
)

indexes = st.builds(fear_greed_of, st.integers(-5, 105), _ages, _ages)
pulses = st.builds(
    Pulse,
    pm_plus=_decimals,
    vwdelta=_decimals,
    valid_rows=st.integers(0, 100),
    taken_at=st.timedeltas(timedelta(0), timedelta(hours=1)).map(lambda age: NOW - age),
)
observations = st.builds(
    observed, st.none() | indexes, st.none() | pulses, st.just(NOW), st.none() | st.decimals(-10, 110, places=3)
)
earlier_readings = st.lists(
    st.builds(
        reading_of,
        st.sampled_from(Direction),
        st.timedeltas(timedelta(0), timedelta(hours=25)).map(lambda age: NOW - age),
        btc_dominance=st.none() | st.decimals(0, 100, places=3),
    ),
    unique_by=lambda reading: reading.observation.at,
    max_size=12,
)
