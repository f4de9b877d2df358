"""When accounts were last compared with their venue, in memory."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cbc_adapters.persistence.memory.table import ALL, Changes, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_domain.kernel.ids import AccountId, PositionId
from cbc_domain.ports.persistence.sweeps import Due

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class MemorySweeps:
    def __init__(self, changes: Changes, trades: TradeTables) -> None:
        self._trades = trades
        self._swept = Table[AccountId, datetime](changes)

    async def due(
        self, ended_since: datetime, arrives: timedelta, rested_since: datetime, after: Due | None, limit: int
    ) -> Sequence[Due]:
        wanted = (Due(account, self._swept.get(account)) for account in set(self._wanted(ended_since, arrives)))
        rested = (one for one in wanted if one.swept_at is None or one.swept_at < rested_since)
        return sorted((one for one in rested if after is None or _place(one) > _place(after)), key=_place)[:limit]

    async def note(self, accounts: Collection[AccountId], at: datetime) -> None:
        for account in accounts:
            self._swept.put(account, max(at, self._swept.get(account) or at))

    def _wanted(self, ended_since: datetime, arrives: timedelta) -> Iterator[AccountId]:
        for position in self._trades.unfinished.all(ALL):
            yield self._trades.positions[position].account
        for ended, position in self._trades.over.after(ALL, (ended_since, PositionId(UUID(int=0)))):
            account = self._trades.positions[position].account
            swept_at = self._swept.get(account)
            if swept_at is None or swept_at < ended + arrives:
                yield account


def _place(due: Due) -> tuple[datetime, AccountId]:
    return due.swept_at or _NEVER, due.account
