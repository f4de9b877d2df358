"""How journals are posted: one call of the database judges and writes all of them, however many (LED-06, LED-07)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.journals import read_postings
from cbc_adapters.persistence.postgres.rows.postings import Rows, arguments
from cbc_adapters.persistence.postgres.tables import books as tables
from cbc_adapters.persistence.postgres.tables.ledger_functions import POST_JOURNALS
from cbc_adapters.persistence.postgres.tables.metadata import text
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.events import Event
from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import currency
from cbc_domain.ledger.model import Account, AccountKind, InsufficientFunds, Journal, KeyReused, Posting
from cbc_domain.ledger.rules import fingerprint
from cbc_domain.ports.persistence.unit_of_work import LostRace

KNOWN: Final = "known"


@attrs.frozen
class Order:
    """Journals that are posted together or not at all, and the events that tell of them."""

    journals: Sequence[Journal]
    posted_at: datetime
    events: Sequence[Event] = ()


Send = Callable[[tuple[Rows, ...]], Awaitable[tuple[str | None, Sequence[str]]]]
"""Calls `post_journals`: why it refused and about what, or None when everything is written."""

Asked = dict[str, tuple[Posting, str]]
"""What is to be posted under each key, with its fingerprint."""


async def send_within(connection: AsyncConnection, given: tuple[Rows, ...]) -> tuple[str | None, Sequence[str]]:
    """Call it in the transaction of a unit of work."""
    answer = (await connection.exec_driver_sql(POST_JOURNALS, given)).one()
    return answer.refusal, answer.about


async def post_orders(
    connection: AsyncConnection, send: Send, new_id: Callable[[], UUID], orders: Sequence[Order]
) -> list[list[Posting]]:
    """Post all orders in order; when one cannot be posted, nothing of this call stands and the transaction can go on.

    What stands already is read back over `connection`. Nothing is told of an order whose journals all stood already.
    Raises KeyReused, InsufficientFunds, Conflict `state_conflict`.
    """
    asked = _by_key(orders, new_id)
    known: dict[str, Posting] = {}
    while len(known) < len(asked):
        fresh = [one for key, one in asked.items() if key not in known]
        told = [event for order in orders if any(one.key not in known for one in order.journals) for event in order.events]
        refusal, about = await send(arguments(fresh, told))
        if refusal is None:
            break
        if refusal != KNOWN:
            raise _refused(refusal, about)
        known |= await _replays(connection, fresh)
    first = {key: known.get(key, posting) for key, (posting, _) in asked.items()}
    return [[_answer(journal, first) for journal in order.journals] for order in orders]


def _by_key(orders: Iterable[Order], new_id: Callable[[], UUID]) -> Asked:
    asked: Asked = {}
    for order in orders:
        for journal in order.journals:
            print_ = fingerprint(journal)
            if journal.key not in asked:
                asked[journal.key] = Posting(JournalId(new_id()), journal, order.posted_at), print_
            elif asked[journal.key][1] != print_:
                raise KeyReused(journal.key)
    return asked


def _answer(journal: Journal, first: dict[str, Posting]) -> Posting:
    answer = first[journal.key]
    first[journal.key] = answer if answer.replay else attrs.evolve(answer, replay=True)
    return answer


async def _replays(connection: AsyncConnection, asked: Sequence[tuple[Posting, str]]) -> dict[str, Posting]:
    """What stands already under these keys. Raises KeyReused."""
    prints = {posting.journal.key: print_ for posting, print_ in asked}
    column = tables.journals.c
    of_keys = column.key == any_(literal(list(prints), ARRAY(text, dimensions=1)))
    for row in await connection.execute(select(column.key, column.fingerprint).where(of_keys)):
        if row.fingerprint != prints[row.key]:
            raise KeyReused(row.key)
    found = await read_postings(connection, of_keys)
    if not found:
        # Only a transaction whose view is older than the other posting gets here.
        raise LostRace("unavailable", "expected to see what was posted under the same key, was not visible yet")
    return {one.journal.key: attrs.evolve(one, replay=True) for one in found}


def _refused(refusal: str, about: Sequence[str]) -> Conflict:
    if refusal == "insufficient_funds":
        kind, owner, code = about
        return InsufficientFunds(Account(AccountKind(kind), owner, currency(code)))
    return Conflict("state_conflict", f"expected a known {refusal.removeprefix('unknown_')}, was {about[0]}")
