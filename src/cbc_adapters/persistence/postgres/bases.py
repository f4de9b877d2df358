"""What loss limits are measured against: marks of equities, and what was moved since each of them (RSK-03)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import Row, batch
from cbc_adapters.persistence.postgres.moved import USABLE
from cbc_adapters.persistence.postgres.tables.metadata import identity, instant, text
from cbc_adapters.persistence.postgres.tables.people import exchange_accounts
from cbc_adapters.persistence.postgres.tables.transfers import account_transfers
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.model import EquityBase

Holder = tuple[MemberId, Environment]

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_NOTHING: Final = {"day": Decimal(0), "week": Decimal(0), "peak": Decimal(0)}


async def read_bases(
    connection: AsyncConnection, marks: Mapping[Holder, Sequence[RowMapping]], read_at: Mapping[Holder, datetime]
) -> Mapping[Holder, EquityBase]:
    """The bases of those whose newest mark of the week, which is the last, is one of today; in one statement."""
    today = {holder: rows for holder, rows in marks.items() if rows[-1]["day"] == rows[-1]["today"]}
    if not today:
        return {}
    since = [_instants(holder, rows, read_at.get(holder, _NEVER)) for holder, rows in today.items()]
    moved: dict[Holder, RowMapping] = {}
    for row in (await connection.execute(_moved(since))).mappings():
        moved[MemberId(row["member"]), Environment(row["environment"])] = row
    return {holder: _base(rows, moved.get(holder, _NOTHING)) for holder, rows in today.items()}


def _base(marks: Sequence[RowMapping], moved: Mapping[str, Decimal] | RowMapping) -> EquityBase:
    peak = marks[-1]["peak"]
    return EquityBase(
        day_start=marks[-1]["opening"] + moved["day"],
        week_start=marks[0]["opening"] + moved["week"],
        peak=None if peak is None else peak + moved["peak"],
    )


def _instants(holder: Holder, marks: Sequence[RowMapping], until: datetime) -> Row:
    day, week = marks[-1]["opened_at"], marks[0]["opened_at"]
    peak = marks[-1]["peaked_at"] or day
    instants = {"day": day, "week": week, "peak": peak, "first": min(day, week, peak), "until": until}
    return {"member": holder[0], "environment": holder[1].value, **instants}


def _moved(since: Sequence[Row]) -> Select[Any]:
    instants = dict.fromkeys(("day", "week", "peak", "first", "until"), instant)
    mark = batch(since, {"member": identity, "environment": text, **instants}, "since")
    account, transfer = exchange_accounts.c, account_transfers.c

    def since_mark(name: str) -> ColumnElement[Decimal]:
        total = func.sum(transfer.amount).filter(transfer.at >= mark.c[name])
        return func.coalesce(total, literal(Decimal(0))).label(name)

    his = and_(account.member == mark.c.member, account.environment == mark.c.environment, USABLE)
    meanwhile = and_(transfer.at >= mark.c["first"], transfer.at < mark.c["until"])
    return (
        select(mark.c.member, mark.c.environment, since_mark("day"), since_mark("week"), since_mark("peak"))
        .join(exchange_accounts, his)
        .join(account_transfers, and_(transfer.account == account.id, meanwhile))
        .group_by(mark.c.member, mark.c.environment)
    )
