"""Conditions spelled out instead of bound: a plan made for any parameters finds a partial index by its words only."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, literal_column


def one_of(column: ColumnElement[Any], words: Iterable[StrEnum]) -> ColumnElement[bool]:
    return column.in_([literal_column(f"'{word.value}'") for word in words])


def left(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Something is left: the amount is above zero."""
    return column > literal_column("0")
