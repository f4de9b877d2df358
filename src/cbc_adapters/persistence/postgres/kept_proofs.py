"""Results of proofs, and the balances from which the next one goes on (LED-21)."""

from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.proof_statements import ON_NORMAL_SIDE
from cbc_adapters.persistence.postgres.records import SIGNED
from cbc_adapters.persistence.postgres.tables.proofs import proofs
from cbc_domain.ledger.findings import KeptProof, Proof, kept

_PROVER: Final = 0x9800F
"""The number of the advisory lock under which results are kept, one at a time."""

# The stored balances were just proven: less what came after the last link, they are what the next proof starts from.
_KEEP_BALANCES: Final = text(f"""
WITH later AS (
    SELECT journal FROM unsealed_journals UNION ALL SELECT journal FROM seals WHERE seq > :sealed
), since AS (
    SELECT entry.account, sum({SIGNED}) AS minor
    FROM later JOIN entries AS entry ON entry.journal = later.journal GROUP BY entry.account
)
INSERT INTO proven_balances AS proven (account, balance)
SELECT account.id, account.balance - coalesce(since.minor, 0) * {ON_NORMAL_SIDE}
FROM ledger_accounts AS account
LEFT JOIN since ON since.account = account.id
LEFT JOIN proven_balances AS before ON before.account = account.id
WHERE account.balance IS NOT NULL
  AND before.balance IS DISTINCT FROM account.balance - coalesce(since.minor, 0) * {ON_NORMAL_SIDE}
ON CONFLICT (account) DO UPDATE SET balance = excluded.balance
""")


async def write_proof(connection: AsyncConnection, proof: Proof, at: datetime) -> None:
    """Keep a result; of those that read only what was new and held, the newest takes the place of the others."""
    result = kept(proof, at)
    await connection.execute(select(func.pg_advisory_xact_lock(_PROVER)))
    if result.held:
        await connection.execute(_KEEP_BALANCES, {"sealed": result.sealed})
        await connection.execute(delete(proofs).where(~proofs.c.whole, proofs.c.fault.is_(None)))
    await connection.execute(
        insert(proofs).values(
            at=result.at, whole=result.whole, sealed=result.sealed, last_hash=result.last_hash, fault=result.fault
        )
    )


async def read_proof(connection: AsyncConnection, *, whole: bool = False, held: bool = False) -> KeptProof | None:
    newest = select(proofs).order_by(proofs.c.id.desc()).limit(1)
    if whole:
        newest = newest.where(proofs.c.whole)
    if held:
        newest = newest.where(proofs.c.fault.is_(None))
    row = (await connection.execute(newest)).mappings().first()
    return None if row is None else _kept_of(row)


def _kept_of(row: RowMapping) -> KeptProof:
    return KeptProof(row["at"], row["whole"], row["sealed"], row["last_hash"], row["fault"])
