"""When accounts were last compared with their venue, on PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs
from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import insert_rows, values_of
from cbc_adapters.persistence.postgres.tables.sweeps import account_sweeps
from cbc_adapters.persistence.postgres.tables.trades import positions
from cbc_adapters.persistence.postgres.trade_reading import UNFINISHED
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.persistence.sweeps import Due

_SWEPT_AT: Final = account_sweeps.c.swept_at
_noted = insert_rows(account_sweeps, ("account", "swept_at"))
_NOTE: Final = _noted.on_conflict_do_update(
    index_elements=["account"], set_={"swept_at": func.greatest(_SWEPT_AT, _noted.excluded.swept_at)}
)


@attrs.frozen
class PostgresSweeps:
    _connection: AsyncConnection

    async def due(
        self, ended_since: datetime, arrives: timedelta, rested_since: datetime, after: Due | None, limit: int
    ) -> Sequence[Due]:
        position = positions.c
        held = (
            select(position.account, func.bool_or(UNFINISHED).label("open"), func.max(position.closed_at).label("ended"))
            .where(or_(UNFINISHED, position.closed_at >= ended_since))
            .group_by(position.account)
            .subquery("held")
        )
        wanted = or_(_SWEPT_AT.is_(None), held.c.open, held.c.ended + arrives > _SWEPT_AT)
        found = (
            select(held.c.account, _SWEPT_AT)
            .outerjoin(account_sweeps, account_sweeps.c.account == held.c.account)
            .where(wanted, or_(_SWEPT_AT.is_(None), rested_since > _SWEPT_AT))
            .order_by(_SWEPT_AT.asc().nulls_first(), held.c.account)
            .limit(limit)
        )
        rows = await self._connection.execute(found if after is None else found.where(_behind(after, held.c.account)))
        return [Due(AccountId(row.account), row.swept_at) for row in rows]

    async def note(self, accounts: Collection[AccountId], at: datetime) -> None:
        if accounts:
            rows = [{"account": account, "swept_at": at} for account in sorted(accounts)]
            await self._connection.execute(_NOTE, values_of(rows))


def _behind(last: Due, account: ColumnElement[AccountId]) -> ColumnElement[bool]:
    if last.swept_at is None:
        return or_(_SWEPT_AT.is_not(None), account > last.account)
    return tuple_(_SWEPT_AT, account) > tuple_(last.swept_at, last.account)
