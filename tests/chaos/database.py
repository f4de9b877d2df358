"""The database of a seed: asked by the controller, and killed like a machine that loses power."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import attrs

from cbc_adapters.persistence.embedded.directory import DataDirectory
from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from cbc_domain.kernel.ids import AccountId

_OWED: Final = """
SELECT
    (SELECT count(*) FROM signals WHERE status IN ('PENDING', 'PROCESSING')) AS signals,
    (SELECT count(*) FROM tasks WHERE state = 'WAITING' AND due_at <= $1
        AND account NOT IN (SELECT account FROM tasks WHERE state = 'LEASED')) AS due,
    ARRAY(SELECT account FROM tasks WHERE state = 'LEASED') AS leased_to,
    (SELECT count(*) FROM tasks WHERE state = 'WAITING' AND due_at > $1) AS later,
    (SELECT count(*) FROM tasks t JOIN positions p ON p.id = t.position
        WHERE t.state = 'WAITING' AND t.due_at > $1 AND t.action = 'protect' AND p.state = 'ABANDONED') AS looks,
    (SELECT count(*) FROM positions WHERE state IN ('CLOSED', 'LIQUIDATED') AND settlement = 'UNSETTLED') AS unsettled,
    (SELECT count(*) FROM positions WHERE state NOT IN ('CLOSED', 'LIQUIDATED', 'ABANDONED')) AS open,
    (SELECT min(due_at) FROM tasks WHERE state = 'WAITING' AND due_at > $1) AS next
"""


@attrs.frozen
class Owed:
    """What waits to be done: now, by whoever has it, or at `next`; None when nothing waits for a moment.

    An account has one task at a time: what else is due for it waits until that one is done. Of what waits for `later`, `looks`
    are for entries that were given up in doubt, which goes on for a minute.
    """

    signals: int
    due: int
    leased_to: Sequence[AccountId]
    later: int
    looks: int
    unsettled: int
    open: int
    next: datetime | None

    @property
    def leased(self) -> int:
        return len(self.leased_to)

    @property
    def now(self) -> int:
        return self.signals + self.due + self.unsettled

    @property
    def only_later(self) -> bool:
        return not (self.signals or self.due or self.leased)

    @property
    def nothing(self) -> bool:
        return self.nothing_but_looks and not self.later

    @property
    def nothing_but_looks(self) -> bool:
        return not (self.now or self.leased or self.open) and self.later == self.looks


class Eye:
    """One connection that only looks; mutable because it connects again when the server was away."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("+asyncpg", "")
        self._connection: asyncpg.Connection | None = None

    async def owed(self, now: datetime) -> Owed | None:
        """None while the database is away."""
        try:
            [row] = await self.rows(_OWED, now)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection = None
            return None
        return Owed(**row)

    async def rows(self, query: str, *values: object) -> Sequence[Any]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url)
        return [dict(row) for row in await self._connection.fetch(query, *values)]

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class MortalServer:
    """A durable PostgreSQL that can be killed and started again; mutable because it is another process then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = AsyncExitStack()

    async def start(self) -> str:
        return await self._running.enter_async_context(EmbeddedPostgres(self._folder, fsync=True).start())

    async def kill(self) -> None:
        """Kill -9 the server; its own processes notice and go."""
        os.kill(int(DataDirectory(self._folder).pid_file.read_text().split()[0]), signal.SIGKILL)
        await self.stop()

    async def stop(self) -> None:
        with suppress(ProcessLookupError):
            await self._running.aclose()
        self._running = AsyncExitStack()
        await asyncio.sleep(0)
