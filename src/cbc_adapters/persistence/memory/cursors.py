"""Keyset cursors: opaque to the client, the place of the last row to us (API-03)."""

from collections.abc import Iterator
from itertools import islice
from typing import TypeVar
from uuid import UUID

from cbc_domain.kernel.errors import Invalid
from cbc_domain.ports.persistence.views import Page

T = TypeVar("T")


def read_identity(cursor: str) -> UUID:
    """Raises Invalid `validation_error` for what is no cursor of an earlier page."""
    try:
        return UUID(hex=cursor)
    except ValueError:
        raise _no_cursor(cursor) from None


def read_number(cursor: str) -> int:
    """Raises Invalid `validation_error` for what is no cursor of an earlier page."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20):
        raise _no_cursor(cursor)
    return int(cursor)


def page_of(found: Iterator[tuple[str, T]], limit: int) -> Page[T]:
    """Cut a page off rows that come with their cursors; there is a next page only when a row follows."""
    rows = list(islice(found, limit + 1))
    items = rows[:limit]
    return Page([row for _, row in items], items[-1][0] if len(rows) > limit else None)


def _no_cursor(cursor: str) -> Invalid:
    return Invalid("validation_error", f"expected a cursor of an earlier page, was {cursor[:40]!r}")
