"""Debts read one by one, page by page, and what was forgiven of them (DBT)."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.ledger import debt_of
from cbc_adapters.persistence.postgres.spelled import left
from cbc_adapters.persistence.postgres.tables.books import debt_payments, debts, journals
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import DebtId
from cbc_domain.kernel.money import Money, currency
from cbc_domain.ledger.model import Debt


async def read_debt(connection: AsyncConnection, debt: DebtId) -> Debt | None:
    row = (await connection.execute(select(debts).where(debts.c.id == debt))).mappings().first()
    return None if row is None else debt_of(row)


async def read_open_debts(connection: AsyncConnection, after: DebtId | None, limit: int) -> Sequence[Debt]:
    page = select(debts).where(left(debts.c.remaining)).order_by(debts.c.id).limit(limit)
    rows = await connection.execute(page if after is None else page.where(debts.c.id > after))
    return [debt_of(row) for row in rows.mappings()]


async def read_forgiven(connection: AsyncConnection, asked: Collection[DebtId]) -> Mapping[DebtId, Money]:
    payment = debt_payments.c
    sums = (
        select(payment.debt, debts.c.currency, func.sum(payment.amount).label("amount"))
        .join(journals, journals.c.id == payment.journal)
        .join(debts, debts.c.id == payment.debt)
        .where(among(payment.debt, asked), journals.c.flow == "LED-F11")
        .group_by(payment.debt, debts.c.currency)
    )
    return {DebtId(row.debt): Money(int(row.amount), currency(row.currency)) for row in await connection.execute(sums)}
