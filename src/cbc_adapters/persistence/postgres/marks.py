"""The first equity of a member's day and the highest ever, written down as they were measured (RSK-03)."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Date, Select, TableValuedAlias, Text, case, literal_column, select, true
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from cbc_adapters.persistence.postgres.batches import Row, batch
from cbc_adapters.persistence.postgres.moved import moved
from cbc_adapters.persistence.postgres.tables.metadata import asset, identity, instant
from cbc_adapters.persistence.postgres.tables.outcomes import equity_marks

_MEASURED: Final[dict[str, TypeEngine[Any]]] = {
    "member": identity,
    "environment": Text(),
    "day": Date(),
    "equity": asset,
    "at": instant,
}
_WRITTEN: Final = ("member", "environment", "day", "opening", "opened_at", "peak", "peaked_at")
# By their bare names: a column of a table would be looked for within the subquery that is no part of a select.
_STANDING: Final = ("equity_marks.member", "equity_marks.environment", "equity_marks.peaked_at", "excluded.peaked_at")


async def mark_equities(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Keep the first of each day, and the peak where nothing higher was measured before, in one statement."""
    mark, written = equity_marks.c, insert_into(equity_marks).from_select(_WRITTEN, _with_peaks(batch(rows, _MEASURED)))
    peak, peaked_at = written.excluded.peak, written.excluded.peaked_at
    meanwhile = moved(*(literal_column(name) for name in _STANDING)).scalar_subquery()
    # Another page may have marked the same day a moment ago: only what is later and higher takes its place.
    higher = mark.peak.is_(None) | ((peaked_at >= mark.peaked_at) & (peak > mark.peak + meanwhile))
    await connection.execute(
        written.on_conflict_do_update(
            index_elements=["member", "environment", "day"], set_={"peak": peak, "peaked_at": peaked_at}, where=higher
        )
    )


def _with_peaks(new: TableValuedAlias) -> Select[Any]:
    mark = equity_marks.c
    before = (
        select(mark.peak, mark.peaked_at)
        .where(mark.member == new.c.member, mark.environment == new.c.environment)
        .order_by(mark.day.desc())
        .limit(1)
        .lateral("before")
    )
    since = moved(new.c.member, new.c.environment, before.c.peaked_at, new.c.at).lateral("since")
    stays = before.c.peak.is_not(None) & (new.c.equity <= before.c.peak + since.c.amount)
    return (
        select(
            *(new.c.member, new.c.environment, new.c.day, new.c.equity, new.c.at),
            case((stays, before.c.peak), else_=new.c.equity),
            case((stays, before.c.peaked_at), else_=new.c.at),
        )
        .select_from(new.outerjoin(before, true()).join(since, true()))
        .order_by(new.c.place)
    )
