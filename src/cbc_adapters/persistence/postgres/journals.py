"""Journals read back whole: entries, lots, debts and conversion as they were posted."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

import attrs
from sqlalchemy import ColumnElement, RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows import ledger as rows
from cbc_adapters.persistence.postgres.tables import books as tables
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import JournalId
from cbc_domain.ledger.model import Posting

T = TypeVar("T")

Rows = Mapping[JournalId, RowMapping]


async def read_postings(connection: AsyncConnection, which: ColumnElement[bool]) -> list[Posting]:
    """The journals of `which` with all they did, in a fixed number of statements."""
    found = await read_journal_rows(connection, which)
    if not found:
        return []
    entries = await read_entries(connection, found)
    opened = await _of_journals(connection, select(tables.lots).order_by(tables.lots.c.id), found, rows.opened_lot_of)
    uses = await _of_journals(connection, _lot_moves(), found, rows.lot_use_of)
    owed = await _of_journals(connection, select(tables.debts).order_by(tables.debts.c.id), found, rows.opened_debt_of)
    payments = await _of_journals(connection, _payments(), found, rows.debt_payment_of)
    crossed = await _of_journals(connection, select(tables.conversions), found, rows.conversion_of)
    return [
        Posting(
            id_,
            attrs.evolve(
                rows.journal_of(row, [rows.entry_of(line) for line in entries[id_]]),
                lots_opened=tuple(opened.get(id_, ())),
                lot_uses=tuple(uses.get(id_, ())),
                debts_opened=tuple(owed.get(id_, ())),
                debt_payments=tuple(payments.get(id_, ())),
                conversion=next(iter(crossed.get(id_, ())), None),
            ),
            row["posted_at"],
        )
        for id_, row in found.items()
    ]


async def read_journal_rows(connection: AsyncConnection, which: ColumnElement[bool]) -> Rows:
    found = (await connection.execute(select(tables.journals).where(which))).mappings()
    return {JournalId(row["id"]): row for row in found}


async def read_entries(connection: AsyncConnection, journals: Collection[JournalId]) -> dict[JournalId, list[RowMapping]]:
    """The entries of each journal in the order of their lines."""
    account, entry = tables.ledger_accounts.c, tables.entries.c
    lines = (
        select(entry.journal, entry.side, entry.amount, account.kind, account.owner, account.currency)
        .join(tables.ledger_accounts, account.id == entry.account)
        .order_by(entry.journal, entry.line)
    )
    return await _of_journals(connection, lines, journals, lambda row: row)


def _lot_moves() -> Select[Any]:
    move, lot = tables.lot_moves.c, tables.lots.c
    return (
        select(move.journal, move.lot, move.amount, move.extends_to, lot.currency)
        .join(tables.lots, lot.id == move.lot)
        .order_by(move.journal, move.line)
    )


def _payments() -> Select[Any]:
    payment, debt = tables.debt_payments.c, tables.debts.c
    return (
        select(payment.journal, payment.debt, payment.amount, debt.currency)
        .join(tables.debts, debt.id == payment.debt)
        .order_by(payment.journal, payment.line)
    )


async def _of_journals(
    connection: AsyncConnection,
    query: Select[Any],
    journals: Collection[JournalId],
    value: Callable[[RowMapping], T],
) -> dict[JournalId, list[T]]:
    of_journals = query.where(among(query.selected_columns["journal"], journals))
    found: dict[JournalId, list[T]] = {id_: [] for id_ in journals}
    for row in (await connection.execute(of_journals)).mappings():
        found[row["journal"]].append(value(row))
    return found
