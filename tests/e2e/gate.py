"""A gate before the database that a test can shut and open again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_SOCKET: Final = ".s.PGSQL.5432"
LET_IN_S: Final = 0.01


class Gate:
    """Passes bytes between a socket of its own and the server's; mutable because it is open or shut."""

    def __init__(self, url: str, folder: Path) -> None:
        server = parse_qs(urlsplit(url).query)["host"][0]
        self._behind = Path(server) / _SOCKET
        self._before = folder / _SOCKET
        self._passing: dict[asyncio.Task[Any], asyncio.Task[None]] = {}
        self._listener: asyncio.Server | None = None
        self.url = f"{url.partition('?')[0]}?host={folder}"

    async def open(self) -> None:
        self._listener = await asyncio.start_unix_server(self._pass, self._before)

    async def shut(self) -> None:
        """Let nobody in and throw out whoever is in, or on his way in."""
        self._before.unlink(missing_ok=True)
        listener, self._listener = self._listener, None
        # Whoever was let in a moment ago begins to pass, and has a line that can be closed.
        await asyncio.sleep(LET_IN_S)
        if listener is not None:
            listener.close()
        for passing in self._passing.values():
            passing.cancel()
        await asyncio.gather(*self._passing)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = asyncio.current_task()
        assert guest is not None
        async with _closed(writer):
            # A task of its own is cancelled instead of this one, which has a line to close.
            self._passing[guest] = asyncio.create_task(self._between(reader, writer))
            await asyncio.gather(self._passing[guest], return_exceptions=True)
        del self._passing[guest]

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._listener is None:
            return
        server_reader, server_writer = await asyncio.open_unix_connection(self._behind)
        async with _closed(server_writer):
            await asyncio.gather(_copy(reader, server_writer), _copy(server_reader, writer), return_exceptions=True)


@asynccontextmanager
async def open_gate(url: str, folder: Path) -> AsyncIterator[Gate]:
    gate = Gate(url, folder)
    await gate.open()
    yield gate
    await gate.shut()


@asynccontextmanager
async def _closed(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
