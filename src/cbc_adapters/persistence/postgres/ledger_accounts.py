"""Accounts of the ledger: opened when first needed, locked in ascending order where they have a floor (LED-07)."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import ColumnElement, TableValuedAlias, and_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import Row, batch
from cbc_adapters.persistence.postgres.rows.ledger import account_of, account_row
from cbc_adapters.persistence.postgres.tables.books import ledger_accounts
from cbc_adapters.persistence.postgres.tables.metadata import money, text
from cbc_domain.ledger.model import Account

_NAME: Final = {"kind": text, "owner": text, "currency": text}


async def open_accounts(connection: AsyncConnection, accounts: Collection[Account]) -> None:
    """Write the accounts that are not there yet; of two who open the same one waits for the other."""
    if not accounts:
        return
    rows = sorted((account_row(account) for account in accounts), key=lambda row: [row[name] for name in _NAME])
    new = batch(rows, {name: ledger_accounts.c[name].type for name in rows[0]})
    known = select(ledger_accounts.c.id).where(is_account(new))
    missing = select(*(new.c[name] for name in rows[0])).where(~known.exists()).order_by(new.c.place)
    written = insert_into(ledger_accounts).from_select(list(rows[0]), missing)
    await connection.execute(written.on_conflict_do_nothing(index_elements=["owner", "kind", "currency"]))


async def lock_accounts(connection: AsyncConnection, accounts: Collection[Account]) -> dict[Account, int]:
    """Lock those of these accounts that have a floor; their balances in minor units."""
    asked = batch([account_row(account) for account in accounts], _NAME, "asked")
    locked = (
        select(ledger_accounts)
        .join(asked, is_account(asked))
        .where(ledger_accounts.c.balance.is_not(None))
        .order_by(ledger_accounts.c.id)
        .with_for_update(of=ledger_accounts, key_share=True)
    )
    return {account_of(row): row["balance"] for row in (await connection.execute(locked)).mappings()}


async def move_balances(connection: AsyncConnection, changes: Mapping[Account, int]) -> None:
    """Add minor units to the balances of accounts with a floor, all in one statement."""
    rows: list[Row] = [{**account_row(account), "change": change} for account, change in changes.items() if change]
    if rows:
        moved = batch(rows, {**_NAME, "change": money}, "moved")
        balance = ledger_accounts.c.balance + moved.c.change
        await connection.execute(update(ledger_accounts).where(is_account(moved)).values(balance=balance))


def is_account(named: TableValuedAlias) -> ColumnElement[bool]:
    return and_(*(ledger_accounts.c[name] == named.c[name] for name in _NAME))
