"""Exchange rates on PostgreSQL, and which of them a charge takes (FX-04)."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Select, and_, case, column, insert, or_, select, true, values
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.signals import rate_of, rate_row
from cbc_adapters.persistence.postgres.tables.metadata import instant
from cbc_adapters.persistence.postgres.tables.signals import fx_rates
from cbc_domain.kernel.rates import USABLE_FOR, FxRate


async def add(connection: AsyncConnection, rate: FxRate) -> None:
    await connection.execute(insert(fx_rates).values(rate_row(rate)))


async def newest(connection: AsyncConnection, at: datetime) -> FxRate | None:
    accepted = select(fx_rates).where(fx_rates.c.accepted_at <= at)
    found = accepted.order_by(fx_rates.c.accepted_at.desc(), fx_rates.c.id.desc()).limit(1)
    row = (await connection.execute(found)).mappings().first()
    return None if row is None else rate_of(row)


async def for_charges(connection: AsyncConnection, closed: Collection[datetime]) -> Mapping[datetime, FxRate]:
    """Find the rate for a charge at each close in one statement; instants without one are left out."""
    if not closed:
        return {}
    found = (await connection.execute(_of_each(sorted(set(closed))))).mappings()
    return {row["closed_at"]: rate_of(row) for row in found}


def _of_each(closed: list[datetime]) -> Select[tuple[object, ...]]:
    asked = values(column("closed_at", instant), name="asked").data([(moment,) for moment in closed])
    rate, at = fx_rates.c, asked.c.closed_at
    before = and_(rate.accepted_at <= at, rate.accepted_at >= at - USABLE_FOR)
    usable = (select(fx_rates).where(before).order_by(rate.accepted_at.desc(), rate.id.desc()).limit(1)).lateral("usable")
    afterwards = (select(fx_rates).where(rate.accepted_at > at).order_by(rate.accepted_at, rate.id).limit(1)).lateral(
        "afterwards"
    )
    chosen = [
        case((usable.c.id.is_not(None), usable.c[name]), else_=afterwards.c[name]).label(name)
        for name in ("brl_per_usd", "provider", "provider_at", "accepted_at")
    ]
    return (
        select(at, *chosen)
        .select_from(asked.outerjoin(usable, true()).outerjoin(afterwards, true()))
        .where(or_(usable.c.id.is_not(None), afterwards.c.id.is_not(None)))
    )
