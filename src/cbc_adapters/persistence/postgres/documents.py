"""Values as JSON documents, strictly: decimals as text, instants as RFC 3339, enums by value, unknown keys refused."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from cattrs import Converter

from cbc_domain.kernel.money import Currency, Money, currency
from cbc_domain.kernel.time import format_instant, parse_instant

T = TypeVar("T")


def dump_json(document: object) -> str:
    """Write the text of a JSON column. Raises ValueError for NaN and infinity, TypeError for what is no JSON value."""
    return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def load_json(text: str | bytes) -> object:
    """Read the text of a JSON column; numbers with a point become Decimal, never float."""
    return json.loads(text, parse_float=Decimal)


def to_document(value: object) -> object:
    """Turn a domain value into what a JSON column takes."""
    return _CONVERTER.unstructure(value)


def from_document(document: object, kind: type[T]) -> T:
    """Turn a JSON column back into a domain value. Raises an exception group that names what did not fit."""
    return _CONVERTER.structure(document, kind)


def _exactly(kind: type[T]) -> Callable[[object, object], T]:
    def structure(found: object, _: object) -> T:
        if type(found) is not kind:
            raise ValueError(f"expected {kind.__name__}, was {type(found).__name__}")
        return found

    return structure


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise ValueError(f"expected text, was {type(found).__name__}")
    return found


def _decimal(found: object, _: object) -> Decimal:
    try:
        value = Decimal(_text(found))
    except InvalidOperation:
        raise ValueError("expected decimal text, was something else") from None
    if not value.is_finite():
        raise ValueError(f"expected a finite number, was {value}")
    return value


def _ordered(values: frozenset[Any]) -> list[Any]:
    # Sets have no order of their own; equal values must become equal documents.
    return sorted(_CONVERTER.unstructure(value) for value in values)


def _make_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for scalar in (str, int, bool):
        converter.register_structure_hook(scalar, _exactly(scalar))
    # By a rule of its own: cattrs would take the one of `str`, which leaves the word a word.
    converter.register_structure_hook(StrEnum, lambda found, kind: kind(_text(found)))
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_unstructure_hook(datetime, format_instant)
    converter.register_structure_hook(datetime, lambda found, _: parse_instant(_text(found)))
    converter.register_unstructure_hook(UUID, str)
    converter.register_structure_hook(UUID, lambda found, _: UUID(_text(found)))
    converter.register_unstructure_hook(Currency, lambda value: value.code)
    converter.register_structure_hook(Currency, lambda found, _: currency(_text(found)))
    converter.register_unstructure_hook(Money, lambda value: {"minor": value.minor, "currency": value.currency.code})
    converter.register_unstructure_hook_func(lambda kind: getattr(kind, "__origin__", None) is frozenset, _ordered)
    return converter


_CONVERTER: Final = _make_converter()
