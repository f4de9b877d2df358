"""What was moved into exchange accounts and out of them, on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs
from sqlalchemy import func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from cbc_adapters.persistence.postgres.batches import Columns, insert_rows, over_rows, values_of
from cbc_adapters.persistence.postgres.tables.metadata import instant
from cbc_adapters.persistence.postgres.tables.outcomes import equity_marks
from cbc_adapters.persistence.postgres.tables.people import exchange_accounts
from cbc_adapters.persistence.postgres.tables.transfers import account_transfers, transfer_watches
from cbc_adapters.persistence.postgres.trade_reading import among as _among
from cbc_domain.kernel.ids import AccountId
from cbc_domain.risk.model import KeyStatus
from cbc_domain.risk.transfers import Transfer

_watched = insert_rows(transfer_watches, ("account", "asked_at", "known_until"))
_KNOW: Final = _watched.on_conflict_do_update(
    index_elements=["account"],
    set_={"known_until": func.greatest(transfer_watches.c.known_until, _watched.excluded.known_until)},
)


@over_rows
def _record(columns: Columns) -> ReturningInsert[tuple[str]]:
    return insert_rows(account_transfers, columns).on_conflict_do_nothing().returning(account_transfers.c.venue_id)


@attrs.frozen
class PostgresTransfers:
    _connection: AsyncConnection

    async def take_due(
        self, asked_before: datetime, now: datetime, limit: int, among: Collection[AccountId] | None = None
    ) -> Mapping[AccountId, datetime | None]:
        account, watch, mark = exchange_accounts.c, transfer_watches.c, equity_marks.c
        measured = select(mark.member).where(mark.member == account.member, mark.environment == account.environment).exists()
        valid = account.status == KeyStatus.VALID.value
        due = (
            select(account.id)
            .outerjoin(transfer_watches, watch.account == account.id)
            .where(valid, measured, or_(watch.asked_at.is_(None), watch.asked_at < asked_before))
            .order_by(watch.asked_at.asc().nulls_first(), account.id)
            .limit(limit)
        )
        first = (due if among is None else due.where(_among(account.id, among))).subquery("due")
        # Locked in one order by everybody; of two that ask at once the second is not given what the first has taken.
        asked = select(first.c.id, literal(now, instant)).order_by(first.c.id)
        new = insert_into(transfer_watches).from_select(["account", "asked_at"], asked)
        taken = new.on_conflict_do_update(
            index_elements=["account"], set_={"asked_at": new.excluded.asked_at}, where=watch.asked_at < asked_before
        )
        rows = await self._connection.execute(taken.returning(watch.account, watch.known_until))
        return {AccountId(row.account): row.known_until for row in rows}

    async def record(self, transfers: Sequence[Transfer], known_until: Mapping[AccountId, datetime]) -> int:
        await self._know(known_until)
        if not transfers:
            return 0
        rows = [attrs.asdict(one) for one in sorted(transfers, key=lambda one: (one.account, one.venue_id))]
        return len((await self._connection.execute(*_record(rows))).all())

    async def of(self, account: AccountId) -> Sequence[Transfer]:
        transfer = account_transfers.c
        known = select(account_transfers).where(transfer.account == account).order_by(transfer.at, transfer.venue_id)
        rows = await self._connection.execute(known)
        return [Transfer(AccountId(row.account), row.venue_id, row.amount, row.at) for row in rows]

    async def _know(self, known_until: Mapping[AccountId, datetime]) -> None:
        if not known_until:
            return
        rows = [{"account": account, "asked_at": at, "known_until": at} for account, at in sorted(known_until.items())]
        await self._connection.execute(_KNOW, values_of(rows))
