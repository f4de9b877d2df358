"""The venues' own results of closed positions, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from cbc_adapters.persistence.memory.table import ALL, Changes, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_domain.commissions.model import RECORD_WAIT, SettlementState
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.results import Review
from cbc_domain.trading.model import Position

_CHARGED: Final = frozenset({SettlementState.SETTLED, SettlementState.NOT_CHARGEABLE})


class MemoryResults:
    def __init__(self, changes: Changes, tables: TradeTables) -> None:
        self._tables = tables
        self._reviews = Table[PositionId, Review](changes)

    async def record(self, results: Mapping[PositionId, Decimal], at: datetime) -> None:
        for position, result in results.items():
            if position not in self._tables.results:
                self._tables.results.put(position, result)

    async def of(self, positions: Collection[PositionId]) -> Mapping[PositionId, Decimal]:
        found = ((position, self._tables.results.get(position)) for position in positions)
        return {position: result for position, result in found if result is not None}

    async def missing(self, now: datetime, limit: int) -> Sequence[PositionId]:
        waiting = (self._tables.positions[position] for _, position in self._tables.unsettled.after(ALL, None))
        lacking = (one.id for one in waiting if _live(one) and one.id not in self._tables.results and _young(one, now))
        return list(islice(lacking, limit))

    async def charged_since(self, since: datetime, after: PositionId | None, limit: int) -> Sequence[PositionId]:
        settled = (self._tables.positions[one.position] for one in self._tables.settlements.values() if one.state in _CHARGED)
        recent = (one.id for one in settled if _live(one) and one.closed_at is not None and one.closed_at >= since)
        return sorted(one for one in recent if after is None or one > after)[:limit]

    async def list_for_review(self, reviews: Sequence[Review]) -> None:
        for review in reviews:
            self._reviews.put(review.position, review)

    async def reviews(self, limit: int) -> Sequence[Review]:
        return sorted(self._reviews.values(), key=lambda one: (one.at, one.position), reverse=True)[:limit]


def _live(position: Position) -> bool:
    return position.environment is Environment.LIVE


def _young(position: Position, now: datetime) -> bool:
    return position.closed_at is not None and now < position.closed_at + RECORD_WAIT
