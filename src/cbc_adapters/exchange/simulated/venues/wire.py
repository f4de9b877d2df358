"""What a venue's wire protocol is made of: a call that comes in, an answer that goes out, and who speaks which protocol."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import attrs

from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.house import House, IssuedKey
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Json = Any
"""What a venue writes on the wire; it lives in this package alone."""


def text(number: Decimal) -> str:
    """A number as venues write it: without exponent."""
    return format(number, "f")


def decimal_of(value: object) -> Decimal | None:
    """What a client wrote as a number; None when it is none, or not finite."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def instant(number: int) -> datetime:
    return EPOCH + timedelta(milliseconds=number)


@attrs.frozen
class WireCall:
    """One request as it came in: `query` and `body` are untouched, because signatures are reckoned over them.

    Header names are in lower case; `at` is the venue's own time, with whatever skew its plan gives it.
    """

    method: str
    host: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    address: str
    at: datetime

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Those of the query and of a form body; a JSON body is read by `document`."""
        form = "" if self.headers.get("content-type", "").startswith("application/json") else self.body.decode()
        return dict(parse_qsl(self.query, keep_blank_values=True)) | dict(parse_qsl(form, keep_blank_values=True))

    @cached_property
    def document(self) -> Json:
        return json.loads(self.body or b"{}")


@attrs.frozen
class WireAnswer:
    """`body` is written as JSON."""

    body: Json
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)


class Socket(Protocol):
    """One WebSocket connection as a venue sees it."""

    @property
    def path(self) -> str:
        """Path and query that it was opened with."""

    async def send(self, text: str) -> None: ...

    def messages(self) -> AsyncIterator[str]:
        """What the client says, until it goes."""


@attrs.frozen
class Purpose:
    """What a call is about, for the fault plan: None as leg for anything but placing an order."""

    call: Call
    leg: Leg | None = None


class Wire(Protocol):
    """The wire protocol of one venue, over its house of each environment: bodies, signatures, errors and stream messages."""

    @property
    def venue(self) -> Venue: ...

    @property
    def hosts(self) -> Mapping[str, Environment]:
        """Host names of REST and streams; where one host serves two environments `environment` tells them apart."""

    def environment(self, call: WireCall) -> Environment: ...

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        """Check key and signature, and do what is asked; what the venue refuses is an answer too."""

    def purpose(self, call: WireCall) -> Purpose | None:
        """What a signed call is about; None for public calls and those that no plan tells apart."""

    def account(self, call: WireCall, house: House) -> IssuedKey | None:
        """The key that a call names, proved or not; None for public calls and unknown keys."""

    def refusal(self, fault: Fault, detail: str, retry_after_s: int | None = None) -> WireAnswer:
        """How this venue words a refusal: status, code and text as its documentation has them."""

    async def converse(self, socket: Socket, house: House) -> None:
        """Serve one stream connection until the client goes: log-in, subscriptions, pings, and the account's reports."""

    def told(self, report: Report, house: House) -> list[Json]:
        """The stream messages that tell of one report, as an authenticated subscriber of orders gets them."""
