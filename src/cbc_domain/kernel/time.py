"""Time as the business uses it: UTC instants, RFC 3339 text, calendar days of a zone."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from cbc_domain.kernel.errors import Invalid

CALENDAR_ZONE: Final = "America/Sao_Paulo"
"""The zone of "calendar day", "month" and "business day" unless a rule says otherwise (GEN-06)."""

_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


def utc_only(_instance: object, attribute: "attrs.Attribute[datetime]", value: datetime) -> None:
    """attrs validator: an instant has the UTC zone. Raises Invalid `time_invalid`."""
    if value.utcoffset() != timedelta(0):
        raise Invalid("time_invalid", f"expected {attribute.name} in UTC, was {value!r}")


def parse_instant(text: str) -> datetime:
    """Read RFC 3339 or `YYYY-MM-DD hh:mm:ss`; UTC when it has no zone (SIG-20). Raises Invalid `time_invalid`."""
    if not _TEXT.fullmatch(text):
        raise Invalid("time_invalid", f"expected RFC 3339 text, was {text[:40]!r}")
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("time_invalid", f"expected a date that exists, was {text[:40]!r}") from None


def format_instant(moment: datetime) -> str:
    """Write RFC 3339 in UTC with microseconds and `Z`, the wire form of every time (GEN-06)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day of an instant in an IANA zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def day_start(moment: datetime, zone: str) -> datetime:
    """The instant, in UTC, at which the local day of `moment` began."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
