"""The order of the lane as a statement says it: the same as `trading.priority.order_key` (PRI-02, PRI-03)."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Interval, Text, and_, case, cast, func

from cbc_domain.kernel.venues import Environment
from cbc_domain.trading.priority import CRITICAL, MOST_AGEING


def lane_order(task: FromClause, now: ColumnElement[datetime], *, rehearsal_first: bool) -> list[ColumnElement[Any]]:
    """Sort by these to have first what is to be done first; with `rehearsal_first` by PRI-04."""
    row = task.c
    effective = row.base_priority + _aged(row.waiting_since, now)
    live = row.environment == Environment.LIVE.value
    critical = row.base_priority >= CRITICAL
    preferred = [critical.desc(), and_(~critical, ~live).desc()] if rehearsal_first else []
    return [
        *preferred,
        effective.desc(),
        row.base_priority.desc(),
        live.desc(),
        # Compared as bytes, whatever the database's language says of letters and digits.
        cast(row.rotation, Text).collate("C"),
        row.id,
    ]


def _aged(since: ColumnElement[datetime], now: ColumnElement[datetime]) -> ColumnElement[int]:
    # Whole numbers, and none computed for those who waited too long or not at all: this is sorted by for every task.
    waited = func.floor(func.extract("epoch", cast(now - since, Interval)))
    return case((since <= now - timedelta(seconds=MOST_AGEING), MOST_AGEING), (since >= now, 0), else_=cast(waited, Integer))
