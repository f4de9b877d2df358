"""Postings that commit by themselves, those of many callers in one statement and one commit (LED-07)."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import attrs
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cbc_adapters.persistence.postgres.engine import connect, meaning
from cbc_adapters.persistence.postgres.group_commit import MOST, GroupCommit, Write
from cbc_adapters.persistence.postgres.postings import Order, post_orders
from cbc_adapters.persistence.postgres.rows.postings import Rows
from cbc_adapters.persistence.postgres.tables.ledger_functions import POST_JOURNALS
from cbc_adapters.persistence.postgres.unit_of_work import RETRIES
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.events import Event
from cbc_domain.ledger.model import Journal, Posting
from cbc_domain.ports.persistence.unit_of_work import LostRace
from cbc_domain.ports.system import Identities

Answers = list[Sequence[Posting] | Exception]


class PostgresTeller:
    """Keeps one connection while somebody waits; `committers` 1 is best, more of them hold each other up on hot accounts."""

    def __init__(self, engine: AsyncEngine, identities: Identities, committers: int = 1, most: int = MOST) -> None:
        self._engine, self._identities = engine, identities
        self._commits = GroupCommit[Order, Sequence[Posting]](self._session, committers, most)

    async def post(self, journals: Sequence[Journal], posted_at: datetime, events: Sequence[Event] = ()) -> Sequence[Posting]:
        return await self._commits(Order(journals, posted_at, events))

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Write[Order, Sequence[Posting]]]:
        connection = await connect(self._engine)
        try:
            # One statement is one transaction: begin and commit travel with it.
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield _Session(connection, (await connection.get_raw_connection()).driver_connection, self._identities).write
        finally:
            await connection.close()


@attrs.frozen
class _Session:
    """One connection, used past SQLAlchemy where every posting goes through: a call of it costs as much as the posting."""

    connection: AsyncConnection
    driver: asyncpg.Connection
    identities: Identities

    async def write(self, orders: Sequence[Order]) -> Answers:
        try:
            return [*await self._post(orders)]
        except Unavailable:
            raise
        except Exception as fault:
            if len(orders) == 1:
                return [fault]
        # One that is refused, for whatever reason, is to harm nobody else.
        return [await self._alone(order) for order in orders]

    async def _alone(self, order: Order) -> Sequence[Posting] | Exception:
        try:
            [postings] = await self._post([order])
        except Exception as fault:
            # Not raised even when the database goes away: those before are posted and are to hear of it.
            return fault
        return postings

    async def _post(self, orders: Sequence[Order]) -> list[list[Posting]]:
        for _ in range(RETRIES):
            try:
                return await self._once(orders)
            except LostRace:
                continue
        return await self._once(orders)

    async def _once(self, orders: Sequence[Order]) -> list[list[Posting]]:
        return await post_orders(self.connection, self._send, self.identities.new, orders)

    async def _send(self, given: tuple[Rows, ...]) -> tuple[str | None, Sequence[str]]:
        try:
            refusal, about = await self.driver.fetchrow(POST_JOURNALS, *given)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
            named = meaning(fault, lost=self.driver.is_closed())
            if named is None:
                raise
            raise named from fault
        return refusal, about
