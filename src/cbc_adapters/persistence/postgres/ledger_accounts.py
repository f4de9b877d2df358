"""Accounts of the ledger: opened when first needed; `post_journals` opens what a posting needs by itself."""

from collections.abc import Collection

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert as insert_into
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import batch
from cbc_adapters.persistence.postgres.rows.ledger import account_row
from cbc_adapters.persistence.postgres.tables.books import ledger_accounts
from cbc_domain.ledger.model import Account


async def open_accounts(connection: AsyncConnection, accounts: Collection[Account]) -> None:
    """Write the accounts that are not there yet; of two who open the same one waits for the other."""
    if not accounts:
        return
    name = ("kind", "owner", "currency")
    rows = sorted((account_row(account) for account in accounts), key=lambda row: [row[part] for part in name])
    new = batch(rows, {part: ledger_accounts.c[part].type for part in rows[0]})
    known = select(ledger_accounts.c.id).where(and_(*(ledger_accounts.c[part] == new.c[part] for part in name)))
    missing = select(*(new.c[part] for part in rows[0])).where(~known.exists()).order_by(new.c.place)
    written = insert_into(ledger_accounts).from_select(list(rows[0]), missing)
    await connection.execute(written.on_conflict_do_nothing(index_elements=["owner", "kind", "currency"]))
