"""Keyset cursors: opaque to the client, the last identity of the page to us (API-03)."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from cbc_domain.kernel.errors import Invalid


def write_cursor(last: UUID) -> str:
    return urlsafe_b64encode(last.bytes).decode("ascii").rstrip("=")


def read_cursor(cursor: str) -> UUID:
    """Raises Invalid `validation_error` for anything that `write_cursor` did not write."""
    try:
        last = UUID(bytes=urlsafe_b64decode(cursor + "=="))
    except (binascii.Error, ValueError):
        raise Invalid("validation_error", f"expected a cursor of an earlier page, was {cursor[:40]!r}") from None
    if write_cursor(last) != cursor:
        raise Invalid("validation_error", f"expected a cursor of an earlier page, was {cursor[:40]!r}")
    return last
