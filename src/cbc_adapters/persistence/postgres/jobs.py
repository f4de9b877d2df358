"""Background jobs on PostgreSQL: asked for in the transaction of their cause, kept by pgqueuer."""

from collections.abc import Mapping
from typing import Final

import attrs
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import SyncQueries
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cbc_adapters.persistence.postgres.documents import dump_json

_STATEMENTS: Final = QueryQueueBuilder()
_UNFINISHED: Final = text("SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked')")


@attrs.frozen
class PostgresJobs:
    _connection: AsyncConnection

    async def enqueue(self, name: str, payload: Mapping[str, str]) -> None:
        await self._connection.run_sync(_enqueue, name, dump_json(dict(payload)).encode())


async def unfinished_jobs(engine: AsyncEngine) -> int:
    """Count the jobs that wait, for a retry too, or run; a job that has run counts for about 0.1 s more."""
    async with engine.connect() as connection:
        return int(await connection.scalar(_UNFINISHED) or 0)


def _enqueue(connection: Connection, name: str, payload: bytes) -> None:
    SyncQueries(_InUnit(connection), _STATEMENTS).enqueue(name, payload)


@attrs.frozen
class _InUnit:
    """Runs pgqueuer's statements on the unit's connection, so that a job is there only if its cause is."""

    _connection: Connection

    def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        found = self._connection.exec_driver_sql(query, args)
        return [dict(row) for row in found.mappings()]
