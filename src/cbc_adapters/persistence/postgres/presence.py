"""The sign of life of a worker: a lock that PostgreSQL lets go of in the moment in which the worker's process is gone."""

import asyncio
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, any_, cast, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cbc_adapters.persistence.postgres.engine import connect
from cbc_adapters.persistence.postgres.tables.lane import lane_holders

_KIND: Final = int.from_bytes(b"lane")
"""The first number of our advisory locks; the second is the holder's."""

_LIVING: Final = (
    select(cast(literal_column("objid"), Integer))
    .select_from(text("pg_locks"))
    .where(
        text("locktype = 'advisory' AND objsubid = 2 AND granted"),
        text("database = (SELECT oid FROM pg_database WHERE datname = current_database())"),
        literal_column("classid") == literal_column(str(_KIND)),
    )
)


def is_gone(holder: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say whether the worker of that number has died or lost its connection; not true of no worker."""
    # Asked once for a statement, and only when something is held.
    return and_(holder.is_not(None), ~(holder == any_(func.array(_LIVING.scalar_subquery()))))


class Presence:
    """Tells under which number this process takes tasks; mutable because a lost connection is replaced under another number.

    Holds one connection from the first claim on, which has to be of an engine of its own: whoever claims holds one already,
    and when all of a pool wait here for one more nobody ever gets it. What was claimed under an earlier number counts as
    abandoned: the round that claimed it cannot have written its outcome either, and if it still can, it is refused.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._beginning = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._driver: Any = None
        self._holder = 0

    async def holder(self) -> int:
        """The number that lives as long as this process stays connected. Raises Unavailable `unavailable`."""
        async with self._beginning:
            if self._driver is None or self._driver.is_closed():
                await self.end()
                await self._begin()
            return self._holder

    async def end(self) -> None:
        """Free at once whatever is still held."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            # Locks of a session outlive its transactions: nobody else may get it from the pool.
            await connection.invalidate()
            await connection.close()

    async def _begin(self) -> None:
        connection = await connect(self._engine)
        self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = (await connection.get_raw_connection()).driver_connection
        await connection.exec_driver_sql("SELECT 1")
        self._holder = int(await connection.scalar(select(lane_holders.next_value())) or 0)
        await connection.execute(select(func.pg_advisory_lock(_KIND, self._holder)))
        self._driver = driver
