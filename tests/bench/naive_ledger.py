"""What the ledger is measured against: the same settlement as a plain transaction, statement by statement."""

from collections.abc import Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.engine import Engine
from cbc_adapters.persistence.postgres.rows.ledger import account_row
from cbc_adapters.persistence.postgres.rows.work import event_row
from cbc_adapters.persistence.postgres.tables.books import conversions, debts, entries, journals, ledger_accounts
from cbc_adapters.persistence.postgres.tables.work import outbox_events
from cbc_domain.kernel.ids import JournalId
from cbc_domain.ledger.chart import effect
from cbc_domain.ledger.model import Conversion, Debt, Entry, Journal
from cbc_domain.ledger.rules import fingerprint
from tests.bench.ledger_club import AT, IDS, Settlement


async def post_naively(engine: Engine, settlement: Settlement, *, company_too: bool = False) -> None:
    """One transaction with a journal and an event; for every entry the account is locked, changed, and the entry written.

    Accounts in one order, because otherwise it stands still in deadlocks. Accounts of the company are only locked with
    `company_too`, since everybody queues for them. It needs the books without their trigger, which refuses half a journal.
    """
    journal = settlement.journal
    id_ = JournalId(IDS.new())
    async with engine.begin() as connection:
        await connection.execute(insert(journals).values(_journal(id_, journal)))
        for line, entry in enumerate(sorted(journal.entries, key=lambda one: one.account), start=1):
            await _enter(connection, id_, line, entry, company_too)
        for debt in journal.debts_opened:
            await connection.execute(insert(debts).values(_debt(id_, debt)))
        if journal.conversion is not None:
            await connection.execute(insert(conversions).values(_conversion(id_, journal.conversion)))
        await connection.execute(insert(outbox_events).values(event_row(settlement.event)))


async def _enter(connection: AsyncConnection, journal: JournalId, line: int, entry: Entry, company_too: bool) -> None:
    account, named = ledger_accounts.c, account_row(entry.account)
    found = select(ledger_accounts).where(*(account[name] == named[name] for name in ("kind", "owner", "currency")))
    locks = company_too or named["balance"] is not None
    known = (await connection.execute(found.with_for_update() if locks else found)).one()
    if known.balance is not None:
        left = known.balance + effect(entry)
        await connection.execute(update(ledger_accounts).where(account.id == known.id).values(balance=left))
    written = {"journal": journal, "line": line, "account": known.id, "side": entry.direction, "amount": entry.amount.minor}
    await connection.execute(insert(entries).values(written))


def _journal(id_: JournalId, journal: Journal) -> Mapping[str, object]:
    return {
        "id": id_,
        "flow": journal.flow,
        "kind": journal.kind,
        "key": journal.key,
        "fingerprint": fingerprint(journal),
        "occurred_at": journal.occurred_at,
        "posted_at": AT,
        "actor": journal.actor,
        "reference": dict(journal.references),
    }


def _debt(id_: JournalId, debt: Debt) -> Mapping[str, object]:
    return {
        "id": debt.id,
        "member": debt.member,
        "currency": debt.amount.currency.code,
        "amount": debt.amount.minor,
        "remaining": debt.remaining.minor,
        "cause": debt.cause,
        "origin": debt.origin,
        "created_at": debt.created_at,
        "journal": id_,
    }


def _conversion(id_: JournalId, conversion: Conversion) -> Mapping[str, object]:
    return {
        "journal": id_,
        "paid": conversion.paid.minor,
        "paid_currency": conversion.paid.currency.code,
        "covered": conversion.covered.minor,
        "covered_currency": conversion.covered.currency.code,
        "rate": conversion.rate.brl_per_usd,
        "provider": conversion.rate.provider,
        "provider_at": conversion.rate.provider_at,
        "accepted_at": conversion.rate.accepted_at,
    }
