"""Recorded market readings, one JSON object a line, as observations of the domain."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.time import parse_instant
from cbc_domain.market.model import FearGreed, Observation, Pulse


def read_readings(path: Path, simulated: bool | None = None) -> Iterator[Observation]:
    """Read observations in the order of the file, which is the order of time; blank lines are skipped.

    A source without an answer is None, never filled in (GEN-12). They are marked simulated when the line says
    `"simulated": true`, when `simulated` says so, or, with `simulated` None, when the name of the file does (GEN-13).
    Raises Invalid `readings_missing` without a file, `readings_invalid` naming file and line.
    """
    if not path.is_file():
        raise Invalid("readings_missing", f"expected a file of market readings, was no file {path.name}")
    made_up = "simulated" in path.name.lower() if simulated is None else simulated
    last: datetime | None = None
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                observation = _observation(raw, path.stem, made_up)
                if last is not None and observation.at < last:
                    raise ValueError(f"expected a time not before {last}, was {observation.at}")
            except (ValueError, KeyError, TypeError, InvalidOperation, RecursionError, Invalid) as error:
                raise Invalid("readings_invalid", f"{path.name} line {number}: {error!r}"[:300]) from None
            last = observation.at
            yield observation


def _observation(raw: bytes, source: str, simulated: bool) -> Observation:
    row = _mapping(json.loads(raw, parse_float=Decimal))
    at = parse_instant(str(row["time"]))
    return Observation(
        at=at,
        fear_greed=_fear_greed(row, at),
        pulse=_pulse(row, at),
        btc_dominance=_percent(row["btc_dominance"]) if row.get("btc_dominance") is not None else None,
        sources=(source,),
        simulated=simulated or row.get("simulated") is True,
    )


def _fear_greed(row: Mapping[str, object], at: datetime) -> FearGreed | None:
    value = row.get("fear_greed")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise ValueError(f"expected fear_greed as a whole number 0..100, was {value!r}")
    return FearGreed(value, fetched_at=at, published_at=parse_instant(str(row["fear_greed_published"])))


def _pulse(row: Mapping[str, object], at: datetime) -> Pulse | None:
    if row.get("pulse") is None:
        return None
    pulse = _mapping(row["pulse"])
    valid_rows = pulse["valid_rows"]
    if isinstance(valid_rows, bool) or not isinstance(valid_rows, int):
        raise ValueError(f"expected valid_rows as a whole number, was {valid_rows!r}")
    return Pulse(_number(pulse["pm_plus"]), _number(pulse["vwdelta"]), valid_rows, at)


def _percent(value: object) -> Decimal:
    number = _number(value)
    if not 0 <= number <= 100:
        raise ValueError(f"expected a percentage 0..100, was {number}")
    return number


def _number(value: object) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"expected a finite number, was {value!r}")
    return number


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, was {type(value).__name__}")
    return value
