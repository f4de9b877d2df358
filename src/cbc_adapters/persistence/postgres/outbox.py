"""The outbox on PostgreSQL: events beside the change they tell of."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import attrs
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.work import event_of, event_row
from cbc_adapters.persistence.postgres.tables.work import outbox_events
from cbc_domain.kernel.events import Event

_EVENT: Final = outbox_events.c
_ADD: Final = insert(outbox_events).on_conflict_do_nothing(index_elements=["id"])


@attrs.frozen
class PostgresOutbox:
    _connection: AsyncConnection

    async def add(self, events: Sequence[Event]) -> None:
        if events:
            await self._connection.execute(_ADD, [event_row(event) for event in events])

    async def take(self, most: int) -> Sequence[Event]:
        # Places are not given in the order of commits, so nobody may keep a high-water mark.
        oldest = (
            select(_EVENT.id)
            .where(~_EVENT.published)
            .order_by(_EVENT.place)
            .limit(most)
            .with_for_update(skip_locked=True)
            .cte("oldest")
        )
        taken = update(outbox_events).where(_EVENT.id == oldest.c.id).values(published=True).returning(outbox_events)
        rows = (await self._connection.execute(taken)).mappings().all()
        return [event_of(row) for row in sorted(rows, key=lambda row: row["place"])]

    async def about(self, subject: UUID) -> Sequence[Event]:
        of_subject = select(outbox_events).where(_EVENT.subject == subject).order_by(_EVENT.place)
        return [event_of(row) for row in (await self._connection.execute(of_subject)).mappings()]
