"""Rows of a candle file as text or typed cells, one at a time, from CSV, gzipped CSV, Parquet and Feather."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from cbc_domain.kernel.errors import Invalid, Unavailable

COLUMNS: Final = ("timestamp", "open", "high", "low", "close", "volume")

BATCH: Final = 10_000
"""Rows of a Parquet or Feather file in memory at once."""

Row = Mapping[str, object]


def rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Give each row with its number: the line of a CSV file (the head is line 1), else counted from 1.

    Raises Invalid `candles_missing` without a file, `candles_invalid` for one that cannot be read.
    """
    if not path.is_file():
        raise Invalid("candles_missing", f"expected a file of candles, was no file {path.name}")
    kind = "".join(path.suffixes[-2:]).lower()
    try:
        if kind.endswith(".parquet"):
            yield from enumerate(_parquet(path), start=1)
        elif kind.endswith((".feather", ".arrow")):
            yield from enumerate(_feather(path), start=1)
        else:
            yield from _csv(path, zipped=kind.endswith(".gz"))
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise Invalid("candles_invalid", f"{path.name}: expected readable candles, was {error}") from error


def _csv(path: Path, zipped: bool) -> Iterator[tuple[int, Row]]:
    with gzip.open(path, "rb") if zipped else path.open("rb") as raw:
        reader = csv.reader(io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""), strict=True)
        head = [name.strip().lower() for name in next(reader, [])]
        _check_columns(path, head)
        for cells in reader:
            if len(cells) != len(head):
                raise Invalid(
                    "candles_invalid",
                    f"{path.name} line {reader.line_num}: expected {len(head)} columns, was {len(cells)}",
                )
            yield reader.line_num, dict(zip(head, cells, strict=True))


def _parquet(path: Path) -> Iterator[Row]:
    arrow = _arrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=BATCH, columns=list(COLUMNS)):
                yield from batch.to_pylist()
    except arrow.ArrowException as error:
        raise OSError(str(error)) from error


def _feather(path: Path) -> Iterator[Row]:
    arrow = _arrow()
    try:
        with arrow.OSFile(str(path), "rb") as source, arrow.ipc.open_file(source) as file:
            _check_columns(path, file.schema.names)
            for number in range(file.num_record_batches):
                yield from file.get_batch(number).to_pylist()
    except arrow.ArrowException as error:
        raise OSError(str(error)) from error


def _arrow() -> ModuleType:
    # Large, and needed by few: loaded when the first such file is read.
    try:
        for part in ("pyarrow.ipc", "pyarrow.parquet"):
            import_module(part)
        return import_module("pyarrow")
    except ImportError:
        raise Unavailable("unavailable", "expected pyarrow for Parquet and Feather files, was not installed") from None


def _check_columns(path: Path, names: list[str]) -> None:
    if not names:
        raise Invalid("candles_missing", f"{path.name}: expected candles, was an empty file")
    for column in COLUMNS:
        if column not in names:
            raise Invalid("candles_invalid", f"{path.name} line 1: expected a column {column}, was {','.join(names)[:80]}")
