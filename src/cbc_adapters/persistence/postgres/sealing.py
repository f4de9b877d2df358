"""The hash chain: committed journals get their place in it, and it is recomputed a page at a time (LED-22)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import insert_rows
from cbc_adapters.persistence.postgres.journals import read_entries, read_journal_rows
from cbc_adapters.persistence.postgres.rows.ledger import entry_of, journal_of
from cbc_adapters.persistence.postgres.tables.books import journals, seals, unsealed_journals
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.ids import JournalId
from cbc_domain.ledger.findings import Seal
from cbc_domain.ledger.model import Posting
from cbc_domain.ledger.seal import GENESIS, seal, verify_chain

PAGE: Final = 1000
"""How many links are recomputed at a time, so that a long chain needs no more memory than a short one."""

_SEALER: Final = 0x5EA1
"""The number of the advisory lock that the one sealer holds."""

Found = Mapping[JournalId, Posting | str]
"""Journals, or why one cannot be read any more; what is gone is left out."""


async def seal_journals(connection: AsyncConnection, most: int) -> int:
    """Seal the oldest unsealed journals; what was tampered with before its seal stays unsealed, for the proof to name."""
    await connection.execute(select(func.pg_advisory_xact_lock(_SEALER)))
    oldest = (
        select(journals.c.id)
        .join(unsealed_journals, unsealed_journals.c.journal == journals.c.id)
        .order_by(journals.c.posted_at, journals.c.id)
        .limit(most)
    )
    waiting = [JournalId(row.id) for row in await connection.execute(oldest)]
    found = await _read(connection, waiting)
    readable = [posting for id_ in waiting if isinstance(posting := found.get(id_), Posting)]
    if not readable:
        return 0
    links = list(_links(readable, await _last(connection)))
    rows = [{"seq": link.seq, "journal": link.journal, "hash": link.hash} for link in links]
    await connection.execute(insert_rows(seals, rows))
    sealed = among(unsealed_journals.c.journal, [link.journal for link in links])
    await connection.execute(delete(unsealed_journals).where(sealed))
    return len(links)


async def read_seals(connection: AsyncConnection, after: int, limit: int) -> list[Seal]:
    found = select(seals).where(seals.c.seq > after).order_by(seals.c.seq).limit(limit)
    return [Seal(row.seq, JournalId(row.journal), row.hash) for row in await connection.execute(found)]


async def chain_fault(connection: AsyncConnection, until: int, page: int = PAGE) -> str | None:
    """The first link up to sequence `until` that does not follow; None when all of them do.

    Links are only ever added, so that what stood when `until` was read can be looked at in many statements.
    """
    last: Seal | None = None
    while (last.seq if last else 0) < until:
        links = await read_seals(connection, last.seq if last else 0, page)
        fault = _fault(links, await _read(connection, [link.journal for link in links]), last)
        if fault is not None:
            return fault
        if not links:
            return f"expected sequence {until}, was none after {last.seq if last else 0}"
        last = links[-1]
    return None


def _fault(links: Sequence[Seal], found: Found, last: Seal | None) -> str | None:
    for place, link in enumerate(links):
        posting = found.get(link.journal)
        if not isinstance(posting, Posting):
            earlier = _verified(links[:place], found, last)
            return earlier or f"expected journal {link.journal} at sequence {link.seq}, was {posting or 'none'}"
    return _verified(links, found, last)


def _verified(links: Sequence[Seal], found: Found, last: Seal | None) -> str | None:
    known = ((link, found[link.journal]) for link in links)
    return verify_chain(((link, posting) for link, posting in known if isinstance(posting, Posting)), last)


def _links(postings: Sequence[Posting], last: Seal | None) -> Iterator[Seal]:
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    for posting in postings:
        seq += 1
        previous = seal(previous, seq, posting.journal, posting.posted_at)
        yield Seal(seq, posting.id, previous)


async def _last(connection: AsyncConnection) -> Seal | None:
    newest = (await connection.execute(select(seals).order_by(seals.c.seq.desc()).limit(1))).first()
    return None if newest is None else Seal(newest.seq, JournalId(newest.journal), newest.hash)


async def _read(connection: AsyncConnection, ids: Collection[JournalId]) -> Found:
    rows = await read_journal_rows(connection, among(journals.c.id, ids))
    entries = await read_entries(connection, rows)
    found: dict[JournalId, Posting | str] = {}
    for id_, row in rows.items():
        try:
            journal = journal_of(row, [entry_of(line) for line in entries[id_]])
        except DomainError as fault:
            found[id_] = f"{row['key']} with {fault.detail}"
        else:
            found[id_] = Posting(id_, journal, row["posted_at"])
    return found
