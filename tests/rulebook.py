"""The rule book's decision tables, as parameters for tests."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest.mark import ParameterSet

DATA: Final = Path(__file__).with_name("rulebook-data.json")
NAMES: Final = ("id", "code", "key", "name", "level", "rule")
"""What can name a row, best first."""


@cache
def _tables() -> Mapping[str, Any]:
    tables: Mapping[str, Any] = json.loads(DATA.read_text("utf-8"), parse_float=Decimal)
    return tables


def table(name: str) -> Any:  # noqa: ANN401 - a table has the shape that the rule book gives it
    """Give one table as it stands in the file: numbers are the strings of the file, a bare fraction is a Decimal.

    Raises KeyError when the rule book has no table of that name.
    """
    return _tables()[name]


def table_names() -> list[str]:
    return [name for name in _tables() if name != "meta"]


def cases(name: str) -> list[ParameterSet]:
    """Give the rows of one table as parameters, each with the name that the rule book gives it as test id."""
    rows = table(name)
    return [pytest.param(row, id=_name_of(row, number)) for number, row in enumerate(rows, start=1)]


def _name_of(row: object, number: int) -> str:
    if not isinstance(row, Mapping):
        return str(row)
    named = next((str(row[key]) for key in NAMES if key in row), "row")
    return named if "id" in row or "rule" not in row else f"{named}-{number}"
