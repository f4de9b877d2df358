"""What travels between the simulated venue's service and those who use it: one JSON object a line, one line a call."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from os import O_DIRECTORY, O_RDONLY, close, open
from pathlib import Path
from typing import Final

import msgspec

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import ClosedResult, Ending, Exchange, Holding, OpenOrder, Report, Ticket, VenueStanding
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

LONGEST_LINE: Final = 1 << 26
"""Bytes; the readings of a hundred thousand accounts fit in."""


class AskInstrument(msgspec.Struct, frozen=True, tag=True):
    venue: Venue
    environment: Environment
    symbol: Symbol

    async def on(self, exchange: Exchange) -> Instrument | None:
        return await exchange.instrument(self.venue, self.environment, self.symbol)


class AskQuote(msgspec.Struct, frozen=True, tag=True):
    venue: Venue
    environment: Environment
    symbol: Symbol
    ago: timedelta

    async def on(self, exchange: Exchange) -> Quote | None:
        return await exchange.quote(self.venue, self.environment, self.symbol, self.ago)


class AskReadings(msgspec.Struct, frozen=True, tag=True):
    accounts: tuple[ExchangeAccount, ...]

    async def on(self, exchange: Exchange) -> Mapping[AccountId, AccountReading]:
        return await exchange.readings(self.accounts)


class AskToPlace(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    ticket: Ticket
    attached: tuple[Ticket, ...]

    async def on(self, exchange: Exchange) -> Report:
        return await exchange.place(self.account, self.ticket, self.attached)


class AskToFind(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    symbol: Symbol
    client_id: str

    async def on(self, exchange: Exchange) -> Report | None:
        return await exchange.find(self.account, self.symbol, self.client_id)


class AskToCancel(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    symbol: Symbol
    client_id: str

    async def on(self, exchange: Exchange) -> None:
        await exchange.cancel(self.account, self.symbol, self.client_id)


class AskHolding(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    symbol: Symbol
    side: Side

    async def on(self, exchange: Exchange) -> Holding | None:
        return await exchange.holding(self.account, self.symbol, self.side)


class AskEnding(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    symbol: Symbol
    side: Side
    since: datetime

    async def on(self, exchange: Exchange) -> Ending | None:
        return await exchange.ending(self.account, self.symbol, self.side, self.since)


class AskClosedResult(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    symbol: Symbol
    side: Side
    since: datetime
    until: datetime

    async def on(self, exchange: Exchange) -> ClosedResult | None:
        return await exchange.closed_result(self.account, self.symbol, self.side, self.since, self.until)


class AskOpenOrders(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount

    async def on(self, exchange: Exchange) -> Sequence[OpenOrder]:
        return await exchange.open_orders(self.account)


class AskTransfers(msgspec.Struct, frozen=True, tag=True):
    account: ExchangeAccount
    since: datetime

    async def on(self, exchange: Exchange) -> Sequence[Transfer]:
        return await exchange.transfers(self.account, self.since)


class AskChanges(msgspec.Struct, frozen=True, tag=True):
    most: int

    async def on(self, exchange: Exchange) -> Sequence[Report]:
        return await exchange.changes(self.most)


class AskStandings(msgspec.Struct, frozen=True, tag=True):
    async def on(self, exchange: Exchange) -> Sequence[VenueStanding]:
        return await exchange.standings()


# Each call of the port is a message, and knows how it is made on an exchange.
Call = (
    AskInstrument
    | AskQuote
    | AskReadings
    | AskToPlace
    | AskToFind
    | AskToCancel
    | AskHolding
    | AskEnding
    | AskClosedResult
    | AskOpenOrders
    | AskTransfers
    | AskChanges
    | AskStandings
)


class Request(msgspec.Struct, frozen=True):
    """A call with the number that its answer will carry; numbers are the caller's and unique on his connection."""

    number: int
    call: Call


class Answered(msgspec.Struct, frozen=True, tag=True):
    number: int
    value: msgspec.Raw


class Refused(msgspec.Struct, frozen=True, tag=True):
    number: int
    fault: Fault
    detail: str


class NoAnswer(msgspec.Struct, frozen=True, tag=True):
    """No answer will come: whoever asked need not wait for it, and knows as little as if he had."""

    number: int
    detail: str


Reply = Answered | Refused | NoAnswer

ENCODER: Final = msgspec.json.Encoder()
REQUESTS: Final = msgspec.json.Decoder(Request)
REPLIES: Final[msgspec.json.Decoder[Reply]] = msgspec.json.Decoder(Reply)


def as_line(message: Request | Reply) -> bytes:
    return ENCODER.encode(message) + b"\n"


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name of a socket that the kernel takes: its limit of 107 bytes is for a name, not for a place.

    Raises OSError when the directory is not there.
    """
    directory = open(path.parent, O_RDONLY | O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        close(directory)
