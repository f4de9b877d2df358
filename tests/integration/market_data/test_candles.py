"""Recorded candles from every kind of file, and one clear refusal for each kind of damage."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbc_adapters.market_data.replay.candles import CandleFile, Gap, RecordedCandle
from cbc_domain.kernel.errors import Invalid
from tests.recordings import RECORDED_CANDLES, recorded

HEAD = "timestamp,open,high,low,close,volume"
START = datetime(2022, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOOD = ("2022-01-01 00:00:00,100.5,101,100,100.7,12", "2022-01-01 00:01:00,100.7,102.25,100.1,102,0")
CANDLES = [
    RecordedCandle(START, Decimal("100.5"), Decimal(101), Decimal(100), Decimal("100.7"), Decimal(12)),
    RecordedCandle(START + MINUTE, Decimal("100.7"), Decimal("102.25"), Decimal("100.1"), Decimal(102), Decimal(0)),
]


def text_of(*rows: str) -> str:
    return "\n".join((HEAD, *rows)) + "\n"


def written(folder: Path, *rows: str) -> CandleFile:
    path = folder / "btc.csv"
    path.write_text(text_of(*rows))
    return CandleFile(path)


def write_csv(path: Path) -> Path:
    path = path / "candles.csv"
    path.write_text(text_of(*GOOD))
    return path


def write_zipped(path: Path) -> Path:
    path = path / "candles.csv.gz"
    path.write_bytes(gzip.compress(text_of(*GOOD).encode()))
    return path


def table() -> pyarrow.Table:
    rows = [line.split(",") for line in GOOD]
    columns = {name: [float(row[at]) for row in rows] for at, name in enumerate(HEAD.split(",")) if at}
    return pyarrow.table({"timestamp": [START, START + MINUTE], **columns})


def write_parquet(path: Path) -> Path:
    pyarrow.parquet.write_table(table(), path / "candles.parquet")
    return path / "candles.parquet"


def write_feather(path: Path) -> Path:
    pyarrow.feather.write_feather(table(), path / "candles.feather")
    return path / "candles.feather"


@pytest.mark.parametrize("write", [write_csv, write_zipped, write_parquet, write_feather])
def test_every_kind_of_file_gives_the_same_candles(write: Callable[[Path], Path], tmp_path: Path) -> None:
    """rules: BT-02, GEN-02"""
    assert list(CandleFile(write(tmp_path))) == CANDLES


@pytest.mark.parametrize("first", ["2022-01-01T00:00:00Z", "2022-01-01 00:00:00.000000", "1640995200", "1640995200000"])
def test_times_are_read_as_utc(first: str, tmp_path: Path) -> None:
    """rules: BT-02, GEN-06"""
    (candle,) = written(tmp_path, f"{first},1,1,1,1,0")

    assert candle.opened_at == START


def test_gaps_are_stated_and_not_filled(tmp_path: Path) -> None:
    """rules: BT-02"""
    minutes = [*range(10), *range(13, 20)]
    file = written(tmp_path, *(f"{START + minute * MINUTE:%Y-%m-%d %H:%M:%S},1,1,1,1,0" for minute in minutes))

    survey = file.survey()

    assert survey.candles == len(list(file)) == 17
    assert survey.gaps == (Gap(START + 9 * MINUTE, START + 13 * MINUTE, 3),)
    assert (survey.bar, survey.first, survey.last) == (MINUTE, START, START + 19 * MINUTE)


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("2022-01-01 00:01:00,1,1,1,1,0", "line 4 column timestamp"),
        ("2021-12-31 00:00:00,1,1,1,1,0", "line 4 column timestamp"),
        ("yesterday,1,1,1,1,0", "line 4 column timestamp"),
        ("99999999999999999999,1,1,1,1,0", "line 4 column timestamp"),
        ("2022-01-01 00:02:00,0,1,1,1,0", "line 4 column open"),
        ("2022-01-01 00:02:00,1,1,-1,1,0", "line 4 column low"),
        ("2022-01-01 00:02:00,1,1,1,NaN,0", "line 4 column close"),
        ("2022-01-01 00:02:00,1,Infinity,1,1,0", "line 4 column high"),
        ("2022-01-01 00:02:00,1,1e999999,1,1,0", "line 4 column high"),
        ("2022-01-01 00:02:00,1,,1,1,0", "line 4 column high"),
        ("2022-01-01 00:02:00,1,1,1,1,-5", "line 4 column volume"),
        ("2022-01-01 00:02:00,2,1,1,1,0", "line 4 column high"),
        ("2022-01-01 00:02:00,2,3,2,1,0", "line 4 column low"),
        ("2022-01-01 00:02:00,1,1", "line 4: expected 6 columns, was 3"),
        ('2022-01-01 00:02:00,"1', "btc.csv"),
    ],
)
def test_a_damaged_row_is_named_with_file_line_and_column(row: str, named: str, tmp_path: Path) -> None:
    """rules: BT-02"""
    with pytest.raises(Invalid) as refusal:
        list(written(tmp_path, *GOOD, row))

    assert refusal.value.code == "candles_invalid"
    assert "btc.csv" in refusal.value.detail
    assert named in refusal.value.detail


def test_overlapping_candles_are_refused(tmp_path: Path) -> None:
    """rules: BT-02"""
    third = "2022-01-01 00:02:00,1,1,1,1,0"

    with pytest.raises(Invalid, match="line 5 column timestamp"):
        list(written(tmp_path, *GOOD, third, "2022-01-01 00:02:30,1,1,1,1,0"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """rules: BT-02"""
    path = tmp_path / "btc.csv"
    path.write_text("timestamp,open,high,low,close\n")

    with pytest.raises(Invalid, match="line 1: expected a column volume") as refusal:
        list(CandleFile(path))

    assert refusal.value.code == "candles_invalid"


@pytest.mark.parametrize("content", ["", f"{HEAD}\n"])
def test_a_file_without_candles_is_missing_candles(content: str, tmp_path: Path) -> None:
    """rules: BT-02"""
    path = tmp_path / "btc.csv"
    path.write_text(content)

    for candles in (CandleFile(path), CandleFile(tmp_path / "nowhere.csv"), CandleFile(tmp_path)):
        with pytest.raises(Invalid) as refusal:
            candles.survey()
        assert refusal.value.code == "candles_missing"


@pytest.mark.parametrize("name", ["btc.csv", "btc.csv.gz", "btc.parquet", "btc.feather"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(damage=st.binary(max_size=300))
def test_any_other_file_is_refused_and_never_crashes(name: str, damage: bytes, tmp_path: Path) -> None:
    """rules: BT-02"""
    path = tmp_path / name
    path.write_bytes(damage)

    with pytest.raises(Invalid, match=r"candles_(invalid|missing)"):
        list(CandleFile(path))


def test_a_cut_off_archive_is_refused(tmp_path: Path) -> None:
    """rules: BT-02"""
    path = tmp_path / "btc.csv.gz"
    path.write_bytes(gzip.compress(text_of(*GOOD * 100).encode())[:-20])

    with pytest.raises(Invalid, match="candles_invalid"):
        list(CandleFile(path))


def test_the_recorded_month_is_read_whole() -> None:
    """rules: BT-02"""
    survey = CandleFile(recorded(RECORDED_CANDLES)).survey()

    assert survey.candles == 45_031
    assert survey.bar == MINUTE
    assert survey.first == datetime(2021, 12, 31, 23, 1, tzinfo=UTC)
    assert survey.candles + sum(gap.missing for gap in survey.gaps) == (survey.last - survey.first) // MINUTE + 1
