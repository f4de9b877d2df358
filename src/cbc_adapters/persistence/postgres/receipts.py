"""What receipts are read from, on PostgreSQL: a page of members in a constant number of statements."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import attrs
from sqlalchemy import RowMapping, Select, cast, func, null, select
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import rows_of, values_of
from cbc_adapters.persistence.postgres.cursors import read_cursor, write_cursor
from cbc_adapters.persistence.postgres.rows.receipts import setback_row, standing_of, verdict_of
from cbc_adapters.persistence.postgres.stories import read_stories
from cbc_adapters.persistence.postgres.tables.lane import tasks
from cbc_adapters.persistence.postgres.tables.metadata import instant, text
from cbc_adapters.persistence.postgres.tables.trades import decisions, orders, positions, setbacks
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import MemberId, OrderId, PositionId
from cbc_domain.ports.persistence.receipts import Standing
from cbc_domain.ports.persistence.views import Page
from cbc_domain.signals.model import Signal
from cbc_domain.trading.facts import Facts
from cbc_domain.trading.model import Setback, TaskAction

_POSITION: Final = positions.c
_DECISION: Final = decisions.c
_TASK: Final = tasks.c
_MADE_BY: Final = (_POSITION.signal == _DECISION.signal) & (_POSITION.member == _DECISION.member)
_VERDICT: Final = (
    _DECISION.decided_at,
    _DECISION.environment,
    _DECISION.headline,
    _DECISION.reasons,
    _DECISION.failing_gates,
)
"""Null for a part of a close, which needs nobody's verdict (DEC-06)."""

_new = rows_of({"client_id": text, "at": instant, "code": text})
_NOTE: Final = (
    insert_into(setbacks)
    .from_select(
        ["order", "at", "code"],
        select(orders.c.id, _new.c.at, _new.c.code).join_from(_new, orders, orders.c.client_id == _new.c.client_id),
    )
    .on_conflict_do_nothing()
)


@attrs.frozen
class PostgresReceipts:
    _connection: AsyncConnection

    async def page(self, signal: Signal, cursor: str | None, limit: int) -> Page[Facts]:
        before = None if cursor is None else read_cursor(cursor)
        key = _TASK.position if signal.kind.closes else _DECISION.member
        found = _parts(signal).order_by(key.desc()).limit(limit + 1)
        rows = await self._rows(found if before is None else found.where(key < before))
        following = write_cursor(_key(signal, rows[limit - 1])) if len(rows) > limit else None
        return Page(await self._told(rows[:limit]), following)

    async def of_member(self, signal: Signal, member: MemberId) -> Sequence[Facts]:
        if signal.kind.closes:
            found = _parts(signal).where(_TASK.member == member).order_by(_TASK.position.desc())
        else:
            found = _parts(signal).where(_DECISION.member == member)
        return await self._told(await self._rows(found))

    async def of_positions(self, asked: Collection[PositionId]) -> Sequence[Facts]:
        made = select(_POSITION.id.label("position"), _POSITION.member, *_VERDICT).select_from(
            positions.outerjoin(decisions, _MADE_BY)
        )
        return await self._told(await self._rows(made.where(among(_POSITION.id, asked)).order_by(_POSITION.id)))

    async def position_of(self, order: OrderId) -> PositionId | None:
        found: UUID | None = await self._connection.scalar(select(orders.c.position).where(orders.c.id == order))
        return None if found is None else PositionId(found)

    async def standings(self, signal: Signal) -> Sequence[Standing]:
        parts = _parts(signal).subquery("parts")
        alike = (parts.c.headline, _POSITION.state, _POSITION.settlement)
        counted = (
            select(*alike, func.count().label("parts"))
            .select_from(parts.outerjoin(positions, _POSITION.id == parts.c.position))
            .group_by(*alike)
        )
        found = [standing_of(row) for row in await self._rows(counted)]
        return sorted(found, key=lambda one: (-one.parts, one.reason or "", one.state or "", one.settlement or ""))

    async def note(self, news: Sequence[Setback]) -> None:
        if not news:
            return
        await self._connection.execute(_NOTE, values_of([setback_row(one) for one in news]))

    async def _told(self, rows: Sequence[RowMapping]) -> list[Facts]:
        made = [PositionId(row["position"]) for row in rows if row["position"] is not None]
        stories = await read_stories(self._connection, made)
        return [
            attrs.evolve(stories.get(row["position"], Facts(MemberId(row["member"]))), verdict=verdict_of(row)) for row in rows
        ]

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        found: Sequence[RowMapping] = (await self._connection.execute(query)).mappings().all()
        return found


def _parts(signal: Signal) -> Select[Any]:
    """One row for each part: the member, the position if there is one, and the verdict of an open."""
    if signal.kind.closes:
        nobody = [cast(null(), column.type).label(column.name) for column in _VERDICT]
        closing = (_TASK.signal == signal.id) & (_TASK.action == TaskAction.CLOSE.value)
        return select(_TASK.position, _TASK.member, *nobody).where(closing)
    made = decisions.outerjoin(positions, _MADE_BY)
    decided = select(_POSITION.id.label("position"), _DECISION.member, *_VERDICT).select_from(made)
    return decided.where(_DECISION.signal == signal.id)


def _key(signal: Signal, row: RowMapping) -> UUID:
    key: UUID = row["position" if signal.kind.closes else "member"]
    return key
