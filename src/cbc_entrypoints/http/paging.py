"""The query parameters of lists: how many, from where, and of which time (API-03)."""

from datetime import datetime
from typing import Annotated

from litestar.params import QueryParameter

from cbc_domain.kernel.errors import FieldFault, FieldFaults, Invalid
from cbc_domain.kernel.time import parse_instant

Limit = Annotated[int, QueryParameter(ge=1, le=200)]
Cursor = Annotated[str | None, QueryParameter(max_length=200)]
Since = Annotated[str | None, QueryParameter(name="from", description="RFC 3339; included", max_length=40)]
Until = Annotated[str | None, QueryParameter(name="to", description="RFC 3339; not included", max_length=40)]


def period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read both ends of a half-open period, each open when absent. Raises FieldFaults."""
    return _instant("from", since), _instant("to", until)


def _instant(name: str, value: str | None) -> datetime | None:
    try:
        return parse_instant(value) if value is not None else None
    except Invalid as fault:
        raise FieldFaults((FieldFault(name, fault.detail, "setting_invalid"),)) from None
