"""A member's entries with the running balance of each account (BAL-13)."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.cursors import read_cursor, write_cursor
from cbc_adapters.persistence.postgres.rows.ledger import line_of
from cbc_adapters.persistence.postgres.tables.books import entries, journals, ledger_accounts
from cbc_domain.kernel.ids import MemberId
from cbc_domain.ledger.chart import CHART
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import Direction
from cbc_domain.ports.persistence.views import Page

_GROW_BY_DEBIT: Final = [kind.value for kind, row in CHART.items() if row.normal is Direction.DEBIT]


async def read_statement(
    connection: AsyncConnection,
    member: MemberId,
    cursor: str | None,
    limit: int,
    since: datetime | None,
    until: datetime | None,
    kind: str | None,
) -> Page[StatementLine]:
    running = _running(member).subquery("running")
    found = select(running, journals.c.posted_at, journals.c.flow, journals.c.kind, journals.c.reference).join(
        journals, journals.c.id == running.c.journal
    )
    if cursor is not None:
        found = found.where(running.c.id < read_cursor(cursor).int)
    if since is not None:
        found = found.where(journals.c.posted_at >= since)
    if until is not None:
        found = found.where(journals.c.posted_at < until)
    if kind is not None:
        found = found.where(journals.c.kind == kind)
    newest = found.order_by(running.c.id.desc()).limit(limit + 1)
    rows = (await connection.execute(newest)).mappings().all()
    following = write_cursor(UUID(int=rows[limit - 1]["id"])) if len(rows) > limit else None
    return Page([line_of(row) for row in rows[:limit]], following)


def _running(member: MemberId) -> Select[Any]:
    entry, account = entries.c, ledger_accounts.c
    normal = case((account.kind.in_(_GROW_BY_DEBIT), Direction.DEBIT.value), else_=Direction.CREDIT.value)
    effect = case((entry.side == normal, entry.amount), else_=-entry.amount)
    balance = func.sum(effect).over(partition_by=entry.account, order_by=entry.id)
    return (
        select(
            entry.id,
            entry.journal,
            account.kind.label("account_kind"),
            account.currency,
            effect.label("effect"),
            balance.label("balance"),
        )
        .join(ledger_accounts, account.id == entry.account)
        .where(account.member == member)
    )
