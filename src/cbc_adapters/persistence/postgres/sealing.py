"""The hash chain: committed journals get their place in it, a batch of any size in two statements (LED-22)."""

from typing import Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import Row, insert_rows, values_of
from cbc_adapters.persistence.postgres.records import ACCOUNT_WORDS, LINES, RECORD, SUMS, UNBALANCED
from cbc_adapters.persistence.postgres.tables.books import seals, unsealed_journals
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.ids import JournalId
from cbc_domain.ledger.findings import Seal
from cbc_domain.ledger.seal import GENESIS, link_hash

_SEAL: Final = insert_rows(seals, ("seq", "journal", "hash"))
_SEALER: Final = 0x5EA1
"""The number of the advisory lock that the one sealer holds."""

# The oldest first; what does not balance any more is passed over and numbered never.
_WAITING: Final = text(f"""
WITH account AS ({ACCOUNT_WORDS}), oldest AS MATERIALIZED (
    SELECT journal.id, journal.key, journal.kind, journal.posted_at
    FROM unsealed_journals AS waiting JOIN journals AS journal ON journal.id = waiting.journal
    ORDER BY journal.posted_at, journal.id LIMIT :most
), summed AS (
    SELECT entry.journal, count(*) AS entries, max(entry.line) AS last_line, {SUMS}, {LINES} AS lines
    FROM oldest JOIN entries AS entry ON entry.journal = oldest.id JOIN account ON account.id = entry.account
    GROUP BY entry.journal
), numbered AS (
    SELECT oldest.*, lines, CAST(:last AS bigint) + row_number() OVER (ORDER BY posted_at, id) AS seq
    FROM oldest JOIN summed ON summed.journal = oldest.id
    WHERE entries > 1 AND last_line = entries AND NOT coalesce({UNBALANCED}, false)
)
SELECT seq, id AS journal, {RECORD} AS record FROM numbered ORDER BY seq
""")


async def seal_journals(connection: AsyncConnection, most: int) -> int:
    """Seal the oldest unsealed journals; what was tampered with before its seal stays unsealed, for the proof to name."""
    await connection.execute(select(func.pg_advisory_xact_lock(_SEALER)))
    last = await last_seal(connection)
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    links: list[Row] = []
    for row in await connection.execute(_WAITING, {"most": most, "last": seq}):
        previous = link_hash(previous, row.record)
        links.append({"seq": row.seq, "journal": row.journal, "hash": previous})
    if links:
        done = delete(unsealed_journals).where(among(unsealed_journals.c.journal, [row["journal"] for row in links]))
        await connection.execute(_SEAL.add_cte(done.cte("done")), values_of(links))
    return len(links)


async def read_seals(connection: AsyncConnection, after: int, limit: int) -> list[Seal]:
    found = select(seals).where(seals.c.seq > after).order_by(seals.c.seq).limit(limit)
    return [Seal(row.seq, JournalId(row.journal), row.hash) for row in await connection.execute(found)]


async def last_seal(connection: AsyncConnection) -> Seal | None:
    newest = (await connection.execute(select(seals).order_by(seals.c.seq.desc()).limit(1))).first()
    return None if newest is None else Seal(newest.seq, JournalId(newest.journal), newest.hash)
