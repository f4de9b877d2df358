"""From one signal to every member's part of it on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs
from sqlalchemy import func, null, select, tuple_, update
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from cbc_adapters.persistence.postgres.batches import Columns, Row, insert_rows, over_rows
from cbc_adapters.persistence.postgres.candidates import lock_members, read_candidates
from cbc_adapters.persistence.postgres.lane import add_legs, add_tasks
from cbc_adapters.persistence.postgres.marks import mark_equities
from cbc_adapters.persistence.postgres.rows.orders import order_row, ordered_row, skipped_row
from cbc_adapters.persistence.postgres.rows.positions import position_row
from cbc_adapters.persistence.postgres.tables.outcomes import drawdown_pauses, equity_marks
from cbc_adapters.persistence.postgres.tables.people import members
from cbc_adapters.persistence.postgres.tables.trades import decisions, positions
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.identity.model import Role
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.time import local_day
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.planning import Holder
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Ordered, Skipped


@over_rows
def _open(columns: Columns) -> PostgresInsert:
    return insert_rows(positions, columns)


@over_rows
def _write_decisions(columns: Columns) -> ReturningInsert[tuple[UUID, UUID, str]]:
    decision = decisions.c
    new = insert_rows(decisions, columns).on_conflict_do_nothing()
    return new.returning(decision.signal, decision.member, decision.outcome)


@over_rows
def _pause(columns: Columns) -> ReturningInsert[tuple[UUID, str]]:
    new = insert_rows(drawdown_pauses, columns).on_conflict_do_nothing()
    return new.returning(drawdown_pauses.c.member, drawdown_pauses.c.environment)


@attrs.frozen
class PostgresPlanning:
    _connection: AsyncConnection

    async def page(self, signal: SignalId, after: MemberId | None, limit: int) -> Sequence[MemberId]:
        decided = select(decisions.c.member).where(decisions.c.signal == signal, decisions.c.member == members.c.id)
        found = (
            select(members.c.id).where(members.c.role == Role.USER.value, ~decided.exists()).order_by(members.c.id).limit(limit)
        )
        following = found if after is None else found.where(members.c.id > after)
        return [MemberId(row.id) for row in await self._connection.execute(following)]

    async def candidates(
        self,
        members: Sequence[MemberId],
        strategy: StrategyId | None,
        now: datetime,
        *,
        lock: bool,
        read_at: Mapping[Holder, datetime] | None = None,
    ) -> Sequence[Candidate]:
        """Raises NotFound `not_found` for nobody."""
        if not members:
            return []
        if lock:
            await lock_members(self._connection, members)
        known = await read_candidates(self._connection, members, strategy, now, read_at or {})
        for member in members:
            if member not in known:
                raise NotFound("not_found", f"expected a member, was none of {member}")
        return [known[member] for member in members]

    async def observe_equity(self, equities: Mapping[Holder, Equity], now: datetime) -> None:
        if not equities:
            return
        zones = select(members.c.id, members.c.time_zone).where(among(members.c.id, {member for member, _ in equities}))
        days = {row.id: local_day(now, row.time_zone) for row in await self._connection.execute(zones)}
        # In one order everywhere, so that two observers of the same members wait for each other and never in a circle.
        rows = [
            {"member": member, "environment": environment.value, "day": days[member], "equity": equity.usdt, "at": equity.at}
            for (member, environment), equity in sorted(equities.items())
        ]
        await mark_equities(self._connection, rows)

    async def pause_for_drawdown(self, holders: Collection[Holder], now: datetime) -> Collection[Holder]:
        if not holders:
            return ()
        rows = [{"member": member, "environment": environment.value, "since": now} for member, environment in sorted(holders)]
        paused = await self._connection.execute(*_pause(rows))
        return [(MemberId(row.member), Environment(row.environment)) for row in paused]

    async def resume_after_drawdown(self, member: MemberId, now: datetime) -> Collection[Environment]:
        pause, mark = drawdown_pauses.c, equity_marks.c
        lifted = update(drawdown_pauses).where(pause.member == member, pause.until.is_(None)).values(until=now)
        found = await self._connection.scalars(lifted.returning(pause.environment))
        resumed = [Environment(name) for name in found]
        newest = (
            select(mark.environment, func.max(mark.day))
            .where(mark.member == member, mark.environment.in_([one.value for one in resumed]))
            .group_by(mark.environment)
        )
        forgotten = update(equity_marks).where(mark.member == member, tuple_(mark.environment, mark.day).in_(newest))
        await self._connection.execute(forgotten.values(peak=null(), peaked_at=null()))
        return resumed

    async def record(self, ordered: Sequence[Ordered], skipped: Sequence[Skipped], now: datetime) -> None:
        parts = {(part.position.signal, part.position.member): part for part in reversed(ordered)}
        rows = [ordered_row(part, now) for part in parts.values()] + [skipped_row(part, now) for part in skipped]
        first = await self._decide(sorted(rows, key=lambda row: (row["signal"], row["member"])))
        taken = [part for key, part in parts.items() if key in first]
        if taken:
            await self._connection.execute(*_open([position_row(part.position) for part in taken]))
            legs = [order_row(order) for part in taken for order in part.orders]
            if legs:
                await self._connection.execute(*add_legs(legs))
            await add_tasks(self._connection, [part.task for part in taken])

    async def _decide(self, rows: Sequence[Row]) -> frozenset[tuple[SignalId, MemberId]]:
        """Write decisions; which of the ordered ones are first and so are to be carried out."""
        if not rows:
            return frozenset()
        written = await self._connection.execute(*_write_decisions(rows))
        return frozenset((row.signal, row.member) for row in written if row.outcome == "ordered")
