"""What the pool gives out again: no connection whose server is gone.

The driver hears it when a server closes a connection, so that nothing need be asked: a question before each unit of work
would be three round trips, as many as the shortest unit makes itself.
"""

from time import monotonic
from typing import Final

from sqlalchemy import event
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection, AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

DOUBTED_AFTER_S: Final = 30.0
"""A connection that rested for so long may have been dropped on the way without a word: it is asked before it is used."""

_RESTED_SINCE: Final = "rested since"


def replace_gone(engine: AsyncEngine, doubted_after_s: float = DOUBTED_AFTER_S) -> None:
    """Let the engine's pool connect anew, within the same checkout, where it holds a connection that is gone."""

    def note_rest(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info[_RESTED_SINCE] = monotonic()

    def refuse_if_gone(
        connection: AsyncAdapt_asyncpg_connection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("expected an open connection, was closed by the server")
        now = monotonic()
        if now - entry.info.get(_RESTED_SINCE, now) >= doubted_after_s:
            try:
                connection.ping()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this one untyped
            except (AsyncAdapt_asyncpg_dbapi.Error, OSError) as fault:
                raise DisconnectionError("expected an answer, had none") from fault

    event.listen(engine.sync_engine, "checkin", note_rest)
    event.listen(engine.sync_engine, "checkout", refuse_if_gone)
