"""Steps of a receipt as names and plain values, for whoever shows them: a table, a page, a message."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID

import attrs

from cbc_domain.kernel.money import Money
from cbc_domain.kernel.rounding import half_up
from cbc_domain.kernel.time import format_instant
from cbc_domain.trading.facts import Source
from cbc_domain.trading.model import Leg
from cbc_domain.trading.steps import Step

_PLACES: Final = 12

Word = str | int | Money
"""Text, a count, or money; prices, quantities and rates are decimal text without exponent (GEN-04)."""

Told = Word | tuple[str, ...] | tuple[Source, ...]


def step_name(step: Step) -> str:
    """The stable name of a step, such as `close_asked`."""
    name = type(step).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def step_facts(step: Step) -> tuple[tuple[str, Told], ...]:
    """What explains a step, in the order of its fields; what is unknown or empty is left out, and its time."""
    return tuple(_facts(step))


def _facts(step: Step) -> Iterator[tuple[str, Told]]:
    for field in attrs.fields(type(step)):
        value = getattr(step, field.name)
        if field.name != "at" and value is not None and value != ():
            yield field.name, _told(value)


def _told(value: object) -> Told:
    match value:
        case Leg():
            return value.name.lower()
        case Enum():
            return str(value.value)
        case Money() | int() | str():
            return value
        case Decimal():
            return plain(value)
        case datetime():
            return format_instant(value)
        case UUID():
            return str(value)
        case tuple():
            return value if isinstance(value[0], Source) else tuple(str(getattr(one, "value", one)) for one in value)
        case _:
            raise TypeError(f"expected a value that can be told, was {type(value).__name__}")


def plain(value: Decimal) -> str:
    """Decimal text without exponent and needless zeros; averages are cut to twelve places, far below any tick."""
    shown = f"{half_up(value, _PLACES):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown
