"""The exchange port over a connection to the simulated venue's service."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec.json import Decoder

from cbc_adapters.exchange.simulated.model import ATTACHED
from cbc_adapters.exchange.simulated.wire import (
    LONGEST_LINE,
    REPLIES,
    Answered,
    AskChanges,
    AskClosedResult,
    AskEnding,
    AskHolding,
    AskInstrument,
    AskOpenOrders,
    AskQuote,
    AskReadings,
    AskStandings,
    AskToCancel,
    AskToFind,
    AskToPlace,
    AskTransfers,
    Call,
    NoAnswer,
    Refused,
    Request,
    as_line,
    short_name,
)
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import ClosedResult, Ending, Holding, OpenOrder, Report, Ticket, Travelled, VenueStanding
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

PATIENCE: Final = timedelta(seconds=10)
"""How long a call waits for the service to be there and to answer, together."""

KNOCK_EVERY_S: Final = 0.02
KEPT_FOR_S: Final = 3600.0
"""SIZ-07."""

T = TypeVar("T")

_OPEN_ORDERS: Final = Decoder(list[OpenOrder])
_TRANSFERS: Final = Decoder(list[Transfer])
_INSTRUMENT: Final = Decoder(Instrument | None)
_QUOTE: Final[Decoder[Quote | None]] = Decoder(Quote | None)
_READINGS: Final = Decoder(dict[AccountId, AccountReading])
_REPORT: Final = Decoder(Report)
_FOUND: Final[Decoder[Report | None]] = Decoder(Report | None)
_NOTHING: Final[Decoder[None]] = Decoder(None)
_HOLDING: Final[Decoder[Holding | None]] = Decoder(Holding | None)
_ENDING: Final[Decoder[Ending | None]] = Decoder(Ending | None)
_RESULT: Final[Decoder[ClosedResult | None]] = Decoder(ClosedResult | None)
_REPORTS: Final = Decoder(list[Report])
_STANDINGS: Final = Decoder(list[VenueStanding])


class RemoteExchange:
    """Speak to the service at `path`; mutable because it holds one connection, which all calls share.

    It connects when something is asked, and again after a break; a call waits for the service to be there, because nothing
    has been sent yet. A call that was sent is never sent again: a break or a time-out in its middle is OutcomeUnknown.
    """

    simulated: Final = True

    def __init__(self, path: Path, *, patience: timedelta = PATIENCE) -> None:
        self._path = path
        self._patience = patience
        self._dialling = asyncio.Lock()
        self._line: _Line | None = None
        self._listed: dict[Symbol, tuple[float, Instrument | None]] = {}

    async def instrument(
        self, venue: Venue, environment: Environment, symbol: Symbol, *, hurried: bool = False
    ) -> Instrument | None:
        now = asyncio.get_running_loop().time()
        known = self._listed.get(symbol)
        if known is None or now - known[0] > KEPT_FOR_S:
            known = self._listed[symbol] = now, await self._ask(AskInstrument(venue, environment, symbol), _INSTRUMENT)
        return known[1]

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        return await self._ask(AskQuote(venue, environment, symbol, ago), _QUOTE)

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        """Raises OutcomeUnknown when there is no venue to read any account from."""
        return await self._ask(AskReadings(tuple(accounts)), _READINGS)

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        return ATTACHED

    def takes_stop_first(self, venue: Venue) -> bool:
        return False

    def forgets_ids(self, venue: Venue) -> bool:
        return False

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        """Nothing: an order brings its leverage with it here."""

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        return await self._ask(AskToPlace(account, ticket, tuple(attached)), _REPORT)

    async def find(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> Report | None:
        return await self._ask(AskToFind(account, symbol, client_id), _FOUND)

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        await self._ask(AskToCancel(account, symbol, client_id), _NOTHING)
        return False

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        return await self._ask(AskHolding(account, symbol, side), _HOLDING)

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        return await self._ask(AskEnding(account, symbol, side, since), _ENDING)

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        return await self._ask(AskClosedResult(account, symbol, side, since, until), _RESULT)

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        return await self._ask(AskOpenOrders(account), _OPEN_ORDERS)

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        return await self._ask(AskTransfers(account, since), _TRANSFERS)

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        """Nothing to do: the service tells of every account."""

    async def changes(self, most: int) -> Sequence[Report]:
        """One stream for all processes: each report goes to whoever asks first, and to another when that one breaks off
        before it asks again. What a report says is applied to the shared store, so one reader is enough.
        """
        return await self._ask(AskChanges(most), _REPORTS)

    async def standings(self) -> Sequence[VenueStanding]:
        """Those of the service's process; none while it is not there, for nobody can open anything then."""
        try:
            return await self._ask(AskStandings(), _STANDINGS)
        except OutcomeUnknown:
            return ()

    async def close(self) -> None:
        """Hang up; the next call connects again."""
        if self._line is not None:
            await self._line.close()

    async def _ask(self, call: Call, decoder: "Decoder[T]") -> T:
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                line = await self._connected()
                return decoder.decode(await line.ask(call))
        except TimeoutError:
            seconds = self._patience.total_seconds()
            raise OutcomeUnknown(f"expected an answer within {seconds:g} s, was none") from None

    async def _connected(self) -> "_Line":
        async with self._dialling:
            if self._line is None or self._line.broken:
                self._line = await self._dial()
            return self._line

    async def _dial(self) -> "_Line":
        while True:
            try:
                with short_name(self._path) as name:
                    return _Line(*await asyncio.open_unix_connection(name, limit=LONGEST_LINE))
            except OSError:
                await asyncio.sleep(KNOCK_EVERY_S)


class _Line:
    """One connection, with the calls that wait for their answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._asked = 0
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._listening = asyncio.create_task(self._listen())

    @property
    def broken(self) -> bool:
        return self._listening.done()

    async def ask(self, call: Call) -> msgspec.Raw:
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(as_line(Request(number, call)))
            return await answer
        finally:
            # Whoever has stopped waiting is not told any more.
            del self._waiting[number]

    async def close(self) -> None:
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening

    async def _listen(self) -> None:
        try:
            while (line := await self._reader.readline()).endswith(b"\n"):
                self._hear(line)
        except OSError:
            # A reset is an end like any other: what it leaves open is told below.
            return
        finally:
            self._writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(OutcomeUnknown("the connection broke before the answer"))

    def _hear(self, line: bytes) -> None:
        reply = REPLIES.decode(line)
        answer = self._waiting.get(reply.number)
        if answer is None or answer.done():
            return
        match reply:
            case Answered(_, value):
                answer.set_result(value)
            case Refused(_, fault, detail):
                answer.set_exception(VenueRefused(fault, detail))
            case NoAnswer(_, detail):
                answer.set_exception(OutcomeUnknown(detail))
