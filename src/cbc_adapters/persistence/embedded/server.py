"""Start and stop the embedded PostgreSQL."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import attrs

from cbc_adapters.persistence.embedded import confined
from cbc_adapters.persistence.embedded.directory import DataDirectory, unwritable
from cbc_adapters.persistence.embedded.installations import Installation, find_installation
from cbc_domain.kernel.errors import Unavailable

USER: Final = "coinbitclub"
_START_S: Final = 60
_STOP_S: Final = 30
_LONGEST_SOCKET_FOLDER: Final = 90
"""The kernel takes 107 bytes for the whole name of a socket."""

_FAULTS: Final = (" FATAL: ", " PANIC: ", "error: ")
"""How the line begins that says why, in the log of `postgres` and of `initdb`."""


@attrs.frozen
class EmbeddedPostgres:
    """A PostgreSQL whose files are in `data_dir`, made at the first start and found again at the next.

    It listens on a socket in a folder that only this user may enter, on no network address. It ends with the process
    that started it: at the end of the block, and within moments when that process is killed. What was committed stays.
    `fsync=False` trades that promise for speed and is for tests. `connections` is the most at once; each process of the
    platform takes up to 22.
    """

    data_dir: Path
    fsync: bool = True
    connections: int = 100

    @asynccontextmanager
    async def start(self) -> AsyncIterator[str]:
        """Give the `postgresql+asyncpg://` URL of the database `postgres`, whose owner may create others.

        Raises Unavailable: `data_dir_unwritable`, `data_dir_in_use`, `data_dir_incompatible`, `postgres_missing`,
        `postgres_failed`.
        """
        directory = DataDirectory(self.data_dir.absolute())
        with directory.held(), _socket_folder(directory) as sockets:
            await directory.forget_last_server()
            installation = find_installation(directory.major())
            if directory.major() is None:
                await self._create(directory, installation)
            server = await self._launch(directory, installation, sockets)
            try:
                await _wait_until_ready(server, directory)
                yield _url(sockets)
            finally:
                await asyncio.shield(_stop(server))

    def running_url(self) -> str | None:
        """The URL of the server that another program of this user runs on the directory; it ends with that program."""
        folder = DataDirectory(self.data_dir.absolute()).socket_folder()
        return _url(folder) if folder else None

    async def _create(self, directory: DataDirectory, installation: Installation) -> None:
        # Under another name until it is whole: a start that was killed half-way leaves nothing to stumble over.
        draft = directory.cluster.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        initdb = await _run(
            directory,
            installation.programs / "initdb",
            *("--pgdata", draft, "--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
            *(() if self.fsync else ("--no-sync",)),
        )
        if await initdb.wait() != 0:
            raise _failed(directory)
        try:
            draft.rename(directory.cluster)
        except OSError as fault:
            raise unwritable(directory.root, fault) from fault

    async def _launch(self, directory: DataDirectory, installation: Installation, sockets: Path) -> Process:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{sockets}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "max_connections": str(self.connections),
        }
        if not self.fsync:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return await _run(directory, installation.programs / "postgres", "-D", directory.cluster, *options)


def _url(sockets: Path) -> str:
    return f"postgresql+asyncpg://{USER}@/postgres?host={quote(str(sockets), safe='/')}"


@contextmanager
def _socket_folder(directory: DataDirectory) -> Iterator[Path]:
    # PostgreSQL itself insists that its cluster is closed to others; the folder around it is the user's own affair.
    if len(os.fsencode(directory.cluster)) <= _LONGEST_SOCKET_FOLDER:
        yield directory.cluster
    else:
        with tempfile.TemporaryDirectory(prefix="cbc-") as folder:
            yield Path(folder)


async def _run(directory: DataDirectory, program: Path, *arguments: str | Path) -> Process:
    with directory.log.open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", confined.__file__, str(os.getpid()), program, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C belongs to the program, which then stops its server last.
            start_new_session=True,
            env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        )


async def _wait_until_ready(server: Process, directory: DataDirectory) -> None:
    for _ in range(_START_S * 100):
        if directory.is_ready():
            return
        if server.returncode is not None:
            raise _failed(directory)
        await asyncio.sleep(0.01)
    raise _failed(directory)


async def _stop(server: Process) -> None:
    """Stop fast: clients are let go, everything committed is written. Harsher when that takes too long."""
    for harder in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.returncode is not None:
            return
        server.send_signal(harder)
        try:
            await asyncio.wait_for(server.wait(), _STOP_S)
        except TimeoutError:
            continue


def _failed(directory: DataDirectory) -> Unavailable:
    lines = [line.strip() for line in directory.log.read_text(errors="replace").splitlines() if line.strip()]
    faults = [line for line in lines if any(mark in line for mark in _FAULTS)]
    said = next(iter(faults or lines[-1:]), "silence")
    return Unavailable("postgres_failed", f"expected a PostgreSQL that starts, was: {said}")
