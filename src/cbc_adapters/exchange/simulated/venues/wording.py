"""How a cause of ours becomes a venue's own refusal: by the fault, and for filters by what the engine says of them."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from cbc_domain.ports.venue_faults import Fault

C = TypeVar("C", int, str)
"""Codes are numbers at some venues and texts at others."""


def worded(
    fault: Fault,
    detail: str,
    wording: Mapping[Fault, tuple[int, C, str]],
    filters: Sequence[tuple[str, C, str]],
) -> tuple[int, C, str]:
    """HTTP status, code and text; of `filters` (words of the engine, code, text) the first whose words stand in the detail."""
    status, code, text = wording[fault]
    if fault is Fault.FILTER:
        code, text = next(((code, text) for words, code, text in filters if words in detail), (code, text))
    return status, code, text


def come_back(after_s: int | None) -> Mapping[str, str]:
    """The header that says after how many seconds to ask again; none for None."""
    return {} if after_s is None else {"Retry-After": str(after_s)}
