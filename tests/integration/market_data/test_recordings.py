"""Recorded alerts and market readings, given on as they are or refused by line."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

from cbc_adapters.market_data.replay.alerts import read_alerts
from cbc_adapters.market_data.replay.readings import read_readings
from cbc_domain.kernel.errors import Invalid
from cbc_domain.market.model import FearGreed, Pulse
from tests.recordings import RECORDED_ALERTS, RECORDED_READINGS, recorded

START = datetime(2022, 1, 1, tzinfo=UTC)
ALERT = '{"ticker": "BTCUSDT.P", "time": "2022-01-01 00:00:00", "close": "46952.10", "signal": "SINAL LONG FORTE"}'
READING = (
    '{"time": "2022-01-01T00:00:00Z", "fear_greed": 63, "fear_greed_published": "2022-01-01T00:00:00Z",'
    ' "pulse": {"valid_rows": 92, "pm_plus": "54.8217", "vwdelta": 0.2692}, "btc_dominance": 41.006}'
)
T = TypeVar("T")


def refusal_of(read: Callable[[Path], Iterator[T]], folder: Path, *lines: str | bytes) -> Invalid:
    path = folder / "recorded.jsonl"
    path.write_bytes(b"\n".join(line.encode() if isinstance(line, str) else line for line in lines))
    with pytest.raises(Invalid) as refusal:
        list(read(path))
    return refusal.value


def test_an_alert_is_given_on_exactly_as_it_was(tmp_path: Path) -> None:
    """rules: BT-01"""
    path = tmp_path / "alerts.jsonl"
    path.write_text(f"\n{ALERT}\n\n")

    (alert,) = read_alerts(path)

    assert (alert.line, alert.at, alert.body) == (2, START, ALERT)


@pytest.mark.parametrize(
    "line",
    ["SINAL LONG", "[1]", "{", b"\xff", '{"time": null}', '{"signal": "LONG"}', "[" * 100_000, ALERT.replace("2022", "2021")],
)
def test_a_line_that_is_no_alert_is_named(line: str | bytes, tmp_path: Path) -> None:
    """rules: BT-02"""
    refusal = refusal_of(read_alerts, tmp_path, ALERT, line)

    assert refusal.code == "alerts_invalid"
    assert "recorded.jsonl line 2" in refusal.detail


def test_a_reading_becomes_an_observation(tmp_path: Path) -> None:
    """rules: BT-03, GEN-02"""
    path = tmp_path / "readings.jsonl"
    path.write_text(READING)

    (observation,) = read_readings(path)

    assert observation.at == START
    assert observation.fear_greed == FearGreed(63, START, START)
    assert observation.pulse == Pulse(Decimal("54.8217"), Decimal("0.2692"), 92, START)
    assert observation.btc_dominance == Decimal("41.006")
    assert not observation.simulated


def test_a_source_without_an_answer_is_unknown(tmp_path: Path) -> None:
    """rules: GEN-12, BT-03"""
    path = tmp_path / "readings.jsonl"
    path.write_text('{"time": "2022-01-01T00:00:00Z", "fear_greed": null, "pulse": null, "btc_dominance": null}')

    (observation,) = read_readings(path)

    assert (observation.fear_greed, observation.pulse, observation.btc_dominance) == (None, None, None)


def test_simulated_readings_stay_marked(tmp_path: Path) -> None:
    """rules: GEN-13"""
    named, said = tmp_path / "market-simulated.jsonl", tmp_path / "market.jsonl"
    named.write_text(READING)
    said.write_text(READING.replace("{", '{"simulated": true, ', 1))

    assert next(read_readings(named)).simulated
    assert next(read_readings(said)).simulated
    assert next(read_readings(said, simulated=False)).simulated
    assert not next(read_readings(named, simulated=False)).simulated


@pytest.mark.parametrize(
    "line",
    [
        "no",
        "[]",
        "{}",
        b"\xff",
        READING.replace("63", "101"),
        READING.replace("63", "63.5"),
        READING.replace("63", "true"),
        READING.replace("54.8217", "NaN"),
        READING.replace("41.006", '"many"'),
        READING.replace("41.006", "141"),
        READING.replace("92", '"92"'),
        READING.replace("2022", "2021"),
    ],
)
def test_a_line_that_is_no_reading_is_named(line: str | bytes, tmp_path: Path) -> None:
    """rules: BT-02, BT-03"""
    refusal = refusal_of(read_readings, tmp_path, READING, line)

    assert refusal.code == "readings_invalid"
    assert "recorded.jsonl line 2" in refusal.detail


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    """rules: BT-02"""
    with pytest.raises(Invalid, match="alerts_missing"):
        next(read_alerts(tmp_path / "alerts.jsonl"))
    with pytest.raises(Invalid, match="readings_missing"):
        next(read_readings(tmp_path / "readings.jsonl"))


def test_the_recorded_alerts_are_read_whole() -> None:
    """rules: BT-01"""
    alerts = list(read_alerts(recorded(RECORDED_ALERTS)))

    assert len(alerts) == 402
    assert alerts[0].at == datetime(2022, 1, 1, 15, 0, tzinfo=UTC)


def test_the_recorded_readings_are_read_whole() -> None:
    """rules: BT-03, GEN-13"""
    readings = list(read_readings(recorded(RECORDED_READINGS)))

    assert len(readings) == 8_995
    assert all(reading.simulated for reading in readings)
    assert Counter(reading.fear_greed is None for reading in readings)[True] == 288
    assert Counter(reading.pulse is None for reading in readings)[True] == 154
    assert {later.at - one.at for one, later in pairwise(readings)} == {timedelta(minutes=5)}
