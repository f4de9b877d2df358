"""The data directory of an embedded PostgreSQL: who holds it, of which version it is, what a crash left in it."""

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from cbc_domain.kernel.errors import Unavailable

_STOPPING_S: Final = 30
"""How long a server whose program was killed may take to write its last pages."""


@attrs.frozen
class DataDirectory:
    """A directory of this program; PostgreSQL's own files, the cluster, are in a folder of it."""

    root: Path

    @property
    def cluster(self) -> Path:
        return self.root / "postgres"

    @property
    def log(self) -> Path:
        return self.root / "postgres.log"

    @property
    def pid_file(self) -> Path:
        return self.cluster / "postmaster.pid"

    def major(self) -> int | None:
        """The version that made the cluster; None before there is one."""
        mark = self.cluster / "PG_VERSION"
        return int(mark.read_text().split(".")[0]) if mark.exists() else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for this process; the kernel lets go of it when the process ends, however it ends.

        Raises Unavailable: `data_dir_unwritable`, `data_dir_in_use`.
        """
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.root / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise unwritable(self.root, fault) from fault
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as fault:
            raise _in_use(self.root) from fault
        finally:
            os.close(lock)

    async def forget_last_server(self) -> None:
        """Wait for the server of a killed program to stop, and remove the pid file that a crash left behind.

        PostgreSQL trusts any living process with that pid, and a container hands out the same few pids again and again.
        Raises Unavailable: `data_dir_in_use`.
        """
        for _ in range(_STOPPING_S * 20):
            pid = self._pid()
            if pid is None:
                return
            if not self._serves(pid):
                self.pid_file.unlink(missing_ok=True)
                return
            await asyncio.sleep(0.05)
        raise _in_use(self.root)

    def socket_folder(self) -> Path | None:
        """Where the server that works here now takes connections; None when none does."""
        pid = self._pid()
        if pid is None or not self._serves(pid) or not self.is_ready():
            return None
        return Path(self.pid_file.read_text().splitlines()[4])

    def is_ready(self) -> bool:
        """The server has written that it takes connections."""
        try:
            return self.pid_file.read_text().splitlines()[7].strip() == "ready"
        except (FileNotFoundError, IndexError):
            return False

    def _pid(self) -> int | None:
        try:
            return int(self.pid_file.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _serves(self, pid: int) -> bool:
        """A server works inside its cluster, as the owner of it."""
        process = Path(f"/proc/{pid}")
        try:
            if process.stat().st_uid != self.cluster.stat().st_uid:
                return False
            return (process / "cwd").readlink() == self.cluster.resolve()
        except PermissionError:
            # A process of the right owner that may not be looked into: rather wait for it than start beside it.
            return True
        except FileNotFoundError:
            return False


def unwritable(root: Path, fault: OSError) -> Unavailable:
    """The directory cannot be made or written."""
    return Unavailable("data_dir_unwritable", f"expected a directory to write to at {root}, was {fault.strerror}")


def _in_use(root: Path) -> Unavailable:
    return Unavailable("data_dir_in_use", f"expected no other program on {root}, was one still running")
