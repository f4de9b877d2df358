"""A gate before the database that a test can shut and open again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

_SOCKET: Final = ".s.PGSQL.5432"


class Gate:
    """Passes bytes between a socket of its own and the server's; mutable because it is open or shut."""

    def __init__(self, url: str, folder: Path) -> None:
        server = parse_qs(urlsplit(url).query)["host"][0]
        self._behind = Path(server) / _SOCKET
        self._before = folder / _SOCKET
        self._passing: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self.url = f"{url.partition('?')[0]}?host={folder}"

    async def open(self) -> None:
        self._listener = await asyncio.start_unix_server(self._pass, self._before)

    async def shut(self) -> None:
        """Let nobody in and throw out whoever is in."""
        if self._listener is not None:
            self._listener.close()
        self._before.unlink(missing_ok=True)
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._behind)
        there = asyncio.create_task(_copy(reader, server_writer))
        back = asyncio.create_task(_copy(server_reader, writer))
        self._passing |= {there, back}
        await asyncio.gather(there, back, return_exceptions=True)
        self._passing -= {there, back}


@asynccontextmanager
async def open_gate(url: str, folder: Path) -> AsyncIterator[Gate]:
    gate = Gate(url, folder)
    await gate.open()
    yield gate
    await gate.shut()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
