"""The venues' own results of closed positions, on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs
from sqlalchemy import Select, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import insert_rows, values_of
from cbc_adapters.persistence.postgres.tables import outcomes
from cbc_adapters.persistence.postgres.tables.trades import positions
from cbc_adapters.persistence.postgres.trade_reading import ENDED, WAITING_FOR_SETTLEMENT, among
from cbc_domain.commissions.model import RECORD_WAIT, SettlementState
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.results import Review

_LIVE: Final = positions.c.environment == Environment.LIVE.value
_TOLD: Final = exists().where(outcomes.closed_results.c.position == positions.c.id)
_RECORD: Final = insert_rows(outcomes.closed_results, ("position", "net", "recorded_at")).on_conflict_do_nothing()
_REVIEW: Final = insert_rows(outcomes.result_reviews, ("position", "charged", "reported", "at"))
_CHARGED: Final = (SettlementState.SETTLED.value, SettlementState.NOT_CHARGEABLE.value)


@attrs.frozen
class PostgresResults:
    _connection: AsyncConnection

    async def record(self, results: Mapping[PositionId, Decimal], at: datetime) -> None:
        if results:
            rows = [{"position": position, "net": net, "recorded_at": at} for position, net in results.items()]
            await self._connection.execute(_RECORD, values_of(rows))

    async def of(self, positions: Collection[PositionId]) -> Mapping[PositionId, Decimal]:
        result = outcomes.closed_results.c
        found = select(result.position, result.net).where(among(result.position, positions))
        return {PositionId(row.position): row.net for row in await self._connection.execute(found)}

    async def missing(self, now: datetime, limit: int) -> Sequence[PositionId]:
        young = positions.c.closed_at > now - RECORD_WAIT
        found = select(positions.c.id).where(ENDED, WAITING_FOR_SETTLEMENT, _LIVE, young, ~_TOLD)
        return await self._ids(found.order_by(positions.c.closed_at, positions.c.id).limit(limit))

    async def charged_since(self, since: datetime, after: PositionId | None, limit: int) -> Sequence[PositionId]:
        charged = positions.c.settlement.in_(_CHARGED)
        found = select(positions.c.id).where(ENDED, charged, _LIVE, positions.c.closed_at >= since)
        recent = found if after is None else found.where(positions.c.id > after)
        return await self._ids(recent.order_by(positions.c.id).limit(limit))

    async def list_for_review(self, reviews: Sequence[Review]) -> None:
        if not reviews:
            return
        rows = {review.position: attrs.asdict(review) for review in reviews}
        newest = {name: _REVIEW.excluded[name] for name in ("charged", "reported", "at")}
        replaced = _REVIEW.on_conflict_do_update(index_elements=["position"], set_=newest)
        await self._connection.execute(replaced, values_of(list(rows.values())))

    async def reviews(self, limit: int) -> Sequence[Review]:
        review = outcomes.result_reviews
        newest = select(review).order_by(review.c.at.desc(), review.c.position.desc()).limit(limit)
        rows = await self._connection.execute(newest)
        return [Review(PositionId(row.position), row.charged, row.reported, row.at) for row in rows]

    async def _ids(self, query: Select[tuple[UUID]]) -> Sequence[PositionId]:
        return [PositionId(row.id) for row in await self._connection.execute(query)]


def ripe(query: Select[Any], now: datetime) -> Select[Any]:
    """Leave out live positions whose venue may still tell its result (COM-05)."""
    return query.where(or_(~_LIVE, positions.c.closed_at <= now - RECORD_WAIT, _TOLD))
