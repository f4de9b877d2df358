"""Recorded TradingView alerts, one JSON object a line, given on exactly as they were."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.time import parse_instant


@attrs.frozen
class RecordedAlert:
    """An alert: its line in the file, the time it names (UTC), and its body as it would be posted."""

    line: int
    at: datetime
    body: str


def read_alerts(path: Path) -> Iterator[RecordedAlert]:
    """Read alerts in the order of the file, which is the order of time; blank lines are skipped.

    Raises Invalid `alerts_missing` without a file, `alerts_invalid` naming file and line for what is not an alert.
    """
    if not path.is_file():
        raise Invalid("alerts_missing", f"expected a file of alerts, was no file {path.name}")
    last: datetime | None = None
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            alert = _alert(path.name, number, raw)
            if last is not None and alert.at < last:
                raise _invalid(path.name, number, f"expected a time not before {last}, was {alert.at}")
            last = alert.at
            yield alert


def _alert(name: str, number: int, raw: bytes) -> RecordedAlert:
    try:
        text = raw.decode().strip()
        fields: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _invalid(name, number, "expected a JSON object, was unreadable") from None
    if not isinstance(fields, dict):
        raise _invalid(name, number, f"expected a JSON object, was {type(fields).__name__}")
    try:
        return RecordedAlert(number, parse_instant(str(fields.get("time"))), text)
    except Invalid:
        raise _invalid(name, number, f"expected `time` as UTC text, was {str(fields.get('time'))[:40]!r}") from None


def _invalid(name: str, number: int, detail: str) -> Invalid:
    return Invalid("alerts_invalid", f"{name} line {number}: {detail}")
