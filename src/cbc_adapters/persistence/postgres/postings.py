"""How journals are written: judged in order under lock, then all of a batch in a fixed number of statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import attrs
from sqlalchemy import RowMapping, Table, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import Row, batch, insert_rows, update_rows
from cbc_adapters.persistence.postgres.journals import read_postings
from cbc_adapters.persistence.postgres.judgement import Outcome, judge
from cbc_adapters.persistence.postgres.ledger_accounts import is_account, lock_accounts, move_balances, open_accounts
from cbc_adapters.persistence.postgres.rows import ledger as rows
from cbc_adapters.persistence.postgres.tables import books as tables
from cbc_adapters.persistence.postgres.tables.metadata import money, text
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import DebtId, JournalId, LotId
from cbc_domain.ledger.model import Account, Debt, Journal, KeyReused, Lot, Posting
from cbc_domain.ledger.rules import fingerprint

Written = Sequence[Posting]


async def post_journals(
    connection: AsyncConnection, new_id: Callable[[], UUID], journals: Sequence[Journal], posted_at: datetime
) -> Sequence[Posting]:
    """Post in order; when one cannot be posted, nothing of this call stands and the transaction can go on.

    Raises KeyReused, InsufficientFunds, Conflict `state_conflict`.
    """
    asked = _by_key(journals)
    if not asked:
        return []
    accounts = {entry.account for journal in asked.values() for entry in journal.entries}
    async with connection.begin_nested():
        await open_accounts(connection, accounts)
        balances = await lock_accounts(connection, accounts)
        postings = [Posting(JournalId(new_id()), journal, posted_at) for journal in asked.values()]
        written = await _write_journals(connection, postings)
        known = await _replays(connection, [one.journal for one in postings if one.journal.key not in written])
        await _write(connection, [one for one in postings if one.journal.key in written], balances)
    first = {one.journal.key: known.get(one.journal.key, one) for one in postings}
    return [_answer(journal, first) for journal in journals]


def _answer(journal: Journal, first: dict[str, Posting]) -> Posting:
    answer = first[journal.key]
    first[journal.key] = attrs.evolve(answer, replay=True)
    return answer


def _by_key(journals: Iterable[Journal]) -> dict[str, Journal]:
    asked: dict[str, Journal] = {}
    for journal in journals:
        first = asked.setdefault(journal.key, journal)
        if first is not journal and fingerprint(first) != fingerprint(journal):
            raise KeyReused(journal.key)
    return asked


async def _write_journals(connection: AsyncConnection, postings: Written) -> frozenset[str]:
    """Write what is new and queue it for the seal; who posts the same key at once waits here for the first."""
    all_rows = [rows.journal_row(one.id, one.journal, fingerprint(one.journal), one.posted_at) for one in postings]
    journal = tables.journals.c
    new = insert_rows(tables.journals, all_rows).on_conflict_do_nothing(index_elements=["key"])
    added = new.returning(journal.id, journal.key).cte("added")
    queued = insert_into(tables.unsealed_journals).from_select(["journal"], select(added.c.id)).cte("queued")
    return frozenset((await connection.scalars(select(added.c.key).add_cte(queued))).all())


async def _replays(connection: AsyncConnection, journals: Sequence[Journal]) -> dict[str, Posting]:
    """What was first posted under these keys. Raises KeyReused."""
    if not journals:
        return {}
    asked = {journal.key: fingerprint(journal) for journal in journals}
    column = tables.journals.c
    of_keys = column.key == any_(literal(list(asked), ARRAY(text, dimensions=1)))
    prints = await connection.execute(select(column.key, column.fingerprint).where(of_keys))
    for row in prints:
        if row.fingerprint != asked[row.key]:
            raise KeyReused(row.key)
    found = await read_postings(connection, of_keys)
    return {one.journal.key: attrs.evolve(one, replay=True) for one in found}


async def _write(connection: AsyncConnection, postings: Written, balances: Mapping[Account, int]) -> None:
    if not postings:
        return
    lots, debts = await _lots_used(connection, postings), await _debts_paid(connection, postings)
    outcome = judge([one.journal for one in postings], balances, lots, debts)
    await _write_entries(connection, postings)
    await move_balances(connection, {account: outcome.balances[account] - before for account, before in balances.items()})
    await _write_lots(connection, postings, outcome, lots)
    await _write_debts(connection, postings, outcome, debts)
    crossed = [(one.id, one.journal.conversion) for one in postings if one.journal.conversion]
    await _insert(connection, tables.conversions, [rows.conversion_row(id_, conversion) for id_, conversion in crossed])


async def _write_entries(connection: AsyncConnection, postings: Written) -> None:
    lines = [rows.entry_row(one.id, line, entry) for one in postings for line, entry in enumerate(one.journal.entries, start=1)]
    kinds = {name: tables.entries.c[name].type for name in ("journal", "line", "side")}
    new = batch(lines, {**kinds, "amount": money, "kind": text, "owner": text, "currency": text})
    account = tables.ledger_accounts
    named = (
        select(new.c.journal, new.c.line, account.c.id, new.c.side, new.c.amount)
        .join_from(new, account, is_account(new))
        .order_by(new.c.place)
    )
    names = ["journal", "line", "account", "side", "amount"]
    await connection.execute(insert_into(tables.entries).from_select(names, named))


async def _write_lots(connection: AsyncConnection, postings: Written, outcome: Outcome, before: Mapping[LotId, Lot]) -> None:
    opened = [(one.id, lot) for one in postings for lot in one.journal.lots_opened]
    new = [rows.lot_row(outcome.lots[lot.id], lot.expires_at, journal) for journal, lot in opened]
    await _insert(connection, tables.lots, new)
    changed = [rows.lot_state_row(outcome.lots[lot]) for lot in before]
    if changed:
        await connection.execute(update_rows(tables.lots, changed, "id"))
    moves = [rows.lot_use_row(one.id, line, use) for one in postings for line, use in enumerate(one.journal.lot_uses, start=1)]
    await _insert(connection, tables.lot_moves, moves)


async def _write_debts(connection: AsyncConnection, postings: Written, outcome: Outcome, before: Mapping[DebtId, Debt]) -> None:
    opened = [(one.id, debt) for one in postings for debt in one.journal.debts_opened]
    new = [rows.debt_row(debt, outcome.debts[debt.id].remaining, journal) for journal, debt in opened]
    await _insert(connection, tables.debts, new)
    changed = [{"id": debt, "remaining": outcome.debts[debt].remaining.minor} for debt in before]
    if changed:
        await connection.execute(update_rows(tables.debts, changed, "id"))
    payments = [
        rows.debt_payment_row(one.id, line, payment)
        for one in postings
        for line, payment in enumerate(one.journal.debt_payments, start=1)
    ]
    await _insert(connection, tables.debt_payments, payments)


async def _lots_used(connection: AsyncConnection, postings: Written) -> dict[LotId, Lot]:
    asked = {use.lot for one in postings for use in one.journal.lot_uses}
    lots = await _locked(connection, tables.lots, asked)
    return {LotId(row["id"]): rows.lot_of(row) for row in lots}


async def _debts_paid(connection: AsyncConnection, postings: Written) -> dict[DebtId, Debt]:
    asked = {payment.debt for one in postings for payment in one.journal.debt_payments}
    debts = await _locked(connection, tables.debts, asked)
    return {DebtId(row["id"]): rows.debt_of(row) for row in debts}


async def _locked(connection: AsyncConnection, table: Table, ids: Iterable[UUID]) -> Sequence[RowMapping]:
    wanted = list(ids)
    if not wanted:
        return []
    found = select(table).where(among(table.c.id, wanted)).order_by(table.c.id).with_for_update(key_share=True)
    return (await connection.execute(found)).mappings().all()


async def _insert(connection: AsyncConnection, table: Table, new: Sequence[Row]) -> None:
    if new:
        await connection.execute(insert_rows(table, new))
