"""The simulated venue at a Unix socket, for any number of processes at the same time."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.wire import (
    ENCODER,
    LONGEST_LINE,
    REQUESTS,
    Answered,
    AskChanges,
    Call,
    NoAnswer,
    Refused,
    Reply,
    Request,
    as_line,
    short_name,
)
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused


@asynccontextmanager
async def served(exchange: SimulatedExchange, path: Path) -> AsyncIterator[None]:
    """Answer at `path` while the context is open; a socket that a killed process left there is replaced.

    Whoever opens it sees to it that nobody else does (the command file is locked). What goes wrong on purpose goes wrong
    here, so that one plan of faults counts the calls of all. Leaving breaks every connection: calls in hand are unknown.
    """
    tasks: set[asyncio.Task[None]] = set()

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_Conversation(exchange, reader, writer).run())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    with _listening(path) as listener:
        server = await asyncio.start_unix_server(meet, sock=listener, limit=LONGEST_LINE)
        try:
            yield
        finally:
            server.close()
            ending = list(tasks)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            await server.wait_closed()


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_name(path) as name:
        listener.bind(name)
    path.chmod(0o600)
    try:
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)


class _Conversation:
    """One connection; mutable because it remembers which reports were handed over and not yet known to be heard."""

    def __init__(self, exchange: SimulatedExchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._exchange = exchange
        self._reader = reader
        self._writer = writer
        self._handed: Sequence[Report] = ()

    async def run(self) -> None:
        """Take calls as they come, any number at a time; what has arrived is carried out even when the caller has gone."""
        try:
            async with asyncio.TaskGroup() as calls:
                while (request := await self._next()) is not None:
                    calls.create_task(self._serve(request))
        finally:
            # Whoever breaks off may not have heard them; somebody else will, and hearing twice is harmless.
            self._exchange.tell_again(self._handed)
            self._writer.close()

    async def _next(self) -> Request | None:
        try:
            return REQUESTS.decode(await self._reader.readline())
        except (msgspec.DecodeError, OSError, ValueError):
            # The end, half a line of somebody who was killed, or no caller of ours.
            return None

    async def _serve(self, request: Request) -> None:
        reply = await self._reply(request)
        if not self._writer.is_closing():
            self._writer.write(as_line(reply))

    async def _reply(self, request: Request) -> Reply:
        try:
            value = await self._do(request.call)
        except VenueRefused as refusal:
            return Refused(request.number, refusal.fault, refusal.detail.removeprefix(f"{refusal.fault}: "))
        except OutcomeUnknown as unknown:
            return NoAnswer(request.number, unknown.detail.removeprefix("outcome unknown: "))
        except Exception as error:  # a fault of the venue's own is for its callers what it is at a real one
            return NoAnswer(request.number, f"the venue failed: {error!r}")
        return Answered(request.number, msgspec.Raw(ENCODER.encode(value)))

    async def _do(self, call: Call) -> object:
        if isinstance(call, AskChanges):
            # Whoever asks again has heard what he was told before.
            self._handed = await call.on(self._exchange)
            return self._handed
        return await call.on(self._exchange)
