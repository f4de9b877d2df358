"""Books of any size with a valid chain, written by set-based statements in seconds; for benchmarks only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cbc_adapters.persistence.embedded import EmbeddedPostgres
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.schema import migrate

MEMBERS: Final = 10_000

ENTRIES_OF_TEN: Final = 29
"""Of ten journals one is a recharge of two entries, nine are commissions of three."""

_ACCOUNTS: Final = """
INSERT INTO ledger_accounts (kind, owner, currency, member, balance)
SELECT kind, CASE WHEN owned THEN person.id ELSE house END, currency,
       CASE WHEN owned THEN CAST(person.id AS uuid) END, CASE WHEN owned THEN 0 END
FROM (VALUES ('processor_clearing', 'stripe', false), ('commission_revenue', 'company', false),
             ('member_real', '', true), ('member_commission', '', true)) AS of(kind, house, owned)
CROSS JOIN (VALUES ('BRL')) AS money(currency)
CROSS JOIN LATERAL (
    SELECT CAST(CAST(lpad(to_hex(number), 32, '0') AS uuid) AS text) AS id
    FROM generate_series(1, CASE WHEN owned THEN :members ELSE 1 END) AS number
) AS person
"""

_JOURNALS: Final = """
INSERT INTO journals (id, flow, kind, key, fingerprint, occurred_at, posted_at, actor, reference)
SELECT CAST(lpad(to_hex(number), 32, '0') AS uuid),
       CASE WHEN number % 10 = 1 THEN 'LED-F01' ELSE 'LED-F09' END,
       CASE WHEN number % 10 = 1 THEN 'recharge' ELSE 'commission' END,
       CASE WHEN number % 10 = 1 THEN 'recharge:pi_' ELSE 'commission:p_' END || number,
       md5(CAST(number AS text)), moment, moment, 'system', '{}'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS number
CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2026-03-02 12:00Z' + number * INTERVAL '1 ms' AS moment) AS at
"""

_ENTRIES: Final = """
INSERT INTO entries (journal, line, account, side, amount)
SELECT CAST(lpad(to_hex(number), 32, '0') AS uuid), leg.line, account.id, leg.side, leg.amount
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS number
CROSS JOIN LATERAL (
    VALUES (number % 10 = 1, 1, 'processor_clearing', 'D', 1000000), (number % 10 = 1, 2, 'member_real', 'C', 1000000),
           (number % 10 <> 1, 1, 'member_real', 'D', 5250), (number % 10 <> 1, 2, 'commission_revenue', 'C', 5171),
           (number % 10 <> 1, 3, 'member_commission', 'C', 79)
) AS leg(applies, line, kind, side, amount)
JOIN ledger_accounts AS account ON account.kind = leg.kind AND account.owner = CASE leg.kind
    WHEN 'processor_clearing' THEN 'stripe'
    WHEN 'commission_revenue' THEN 'company'
    ELSE CAST(CAST(lpad(to_hex(1 + (number - 1) / 10 % :members), 32, '0') AS uuid) AS text) END
WHERE leg.applies
ORDER BY number, leg.line
"""

_BALANCES: Final = """
UPDATE ledger_accounts AS account SET balance = sums.minor
FROM (
    SELECT account, sum(CASE side WHEN 'C' THEN amount ELSE -amount END) AS minor FROM entries GROUP BY account
) AS sums
WHERE sums.account = account.id AND account.balance IS NOT NULL
"""


@asynccontextmanager
async def own_database(*, fsync: bool = True) -> AsyncIterator[AsyncEngine]:
    """A throw-away PostgreSQL with the schema."""
    with TemporaryDirectory(prefix="cbc-bench-") as folder:
        async with EmbeddedPostgres(Path(folder), fsync=fsync).start() as url:
            await migrate(url)
            engine = open_engine(url, pool_size=4)
            yield engine
            await engine.dispose()


async def fill(engine: AsyncEngine, first: int, last: int) -> None:
    """Write journals numbered `first` to `last`, about 2.9 entries each, not sealed yet; the first call opens accounts."""
    async with engine.begin() as connection:
        # Foreign keys and triggers would take longer than everything else.
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        if first == 1:
            await connection.execute(text(_ACCOUNTS), {"members": MEMBERS})
        await connection.execute(text(_JOURNALS), {"first": first, "last": last})
        await connection.execute(text(_ENTRIES), {"first": first, "last": last, "members": MEMBERS})
        await connection.execute(text(_BALANCES))
        await _queue(connection)
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


async def _queue(connection: AsyncConnection) -> None:
    await connection.execute(
        text(
            "INSERT INTO unsealed_journals SELECT id FROM journals"
            " WHERE NOT EXISTS (SELECT FROM seals WHERE seals.journal = journals.id)"
        )
    )
