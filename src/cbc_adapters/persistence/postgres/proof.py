"""The proof of LED-20 as statements over everything that stands, and what they say in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.ledger import account_of
from cbc_adapters.persistence.postgres.sealing import chain_fault
from cbc_domain.ledger.chart import CHART
from cbc_domain.ledger.findings import BalanceOf, Proof
from cbc_domain.ledger.model import Direction
from cbc_domain.ledger.proof import mismatched, negative

_GROW_BY_DEBIT: Final = [kind.value for kind, row in CHART.items() if row.normal is Direction.DEBIT]

# One statement sees one state of everything, at any isolation level; only counts and faults come out of it.
_CHECKS: Final = text("""
WITH signed AS (
    SELECT entry.journal, entry.account, account.kind, account.currency,
           CASE entry.side WHEN 'D' THEN entry.amount ELSE -entry.amount END AS minor
    FROM entries AS entry LEFT JOIN ledger_accounts AS account ON account.id = entry.account
), sums AS (
    SELECT account, sum(minor) AS minor FROM signed GROUP BY account
), balances AS (
    SELECT account.kind, account.owner, account.currency, account.balance AS stored,
           coalesce(CASE WHEN account.kind = ANY (CAST(:grow_by_debit AS text[])) THEN sums.minor ELSE -sums.minor END, 0)
               AS summed
    FROM ledger_accounts AS account LEFT JOIN sums ON sums.account = account.id
), left_lots AS (
    SELECT CAST(member AS text) AS owner, currency, sum(remaining) AS minor FROM lots GROUP BY member, currency
), left_debts AS (
    SELECT CAST(member AS text) AS owner, currency, sum(remaining) AS minor FROM debts GROUP BY member, currency
)
SELECT 'journals' AS part, NULL AS kind, NULL AS owner, NULL AS currency,
       CAST(count(*) AS numeric) AS stored, CAST(NULL AS numeric) AS summed
FROM journals
UNION ALL
SELECT 'entries', NULL, NULL, NULL, count(*), NULL FROM entries
UNION ALL
SELECT 'sealed', NULL, NULL, NULL, count(*), coalesce(max(seq), 0) FROM seals
UNION ALL
SELECT 'unbalanced', NULL, coalesce(journal.key, CAST(signed.journal AS text)), signed.currency, NULL, sum(signed.minor)
FROM signed LEFT JOIN journals AS journal ON journal.id = signed.journal
GROUP BY signed.journal, journal.key, signed.currency
HAVING sum(signed.minor) <> 0 OR journal.key IS NULL OR signed.currency IS NULL
UNION ALL
SELECT 'empty', NULL, journal.key, NULL, NULL, NULL
FROM journals AS journal
WHERE NOT EXISTS (SELECT FROM entries AS entry WHERE entry.journal = journal.id)
UNION ALL
SELECT 'balance', kind, owner, currency, stored, summed FROM balances
WHERE stored IS NOT NULL AND (stored <> summed OR summed < 0)
UNION ALL
SELECT 'lots', 'member_admin', coalesce(account.owner, part.owner), coalesce(account.currency, part.currency),
       coalesce(part.minor, 0), coalesce(account.summed, 0)
FROM (SELECT * FROM balances WHERE kind = 'member_admin') AS account
FULL JOIN left_lots AS part ON part.owner = account.owner AND part.currency = account.currency
WHERE coalesce(part.minor, 0) <> coalesce(account.summed, 0)
UNION ALL
SELECT 'lot', NULL, CAST(lot.id AS text), lot.currency, lot.remaining, lot.amount - coalesce(sum(move.amount), 0)
FROM lots AS lot LEFT JOIN lot_moves AS move ON move.lot = lot.id
GROUP BY lot.id HAVING lot.remaining <> lot.amount - coalesce(sum(move.amount), 0)
UNION ALL
SELECT 'debts', 'member_debt', coalesce(account.owner, part.owner), coalesce(account.currency, part.currency),
       coalesce(part.minor, 0), coalesce(account.summed, 0)
FROM (SELECT * FROM balances WHERE kind = 'member_debt') AS account
FULL JOIN left_debts AS part ON part.owner = account.owner AND part.currency = account.currency
WHERE coalesce(part.minor, 0) <> coalesce(account.summed, 0)
UNION ALL
SELECT 'debt', NULL, CAST(debt.id AS text), debt.currency, debt.remaining, debt.amount - coalesce(sum(payment.amount), 0)
FROM debts AS debt LEFT JOIN debt_payments AS payment ON payment.debt = debt.id
GROUP BY debt.id HAVING debt.remaining <> debt.amount - coalesce(sum(payment.amount), 0)
UNION ALL
SELECT 'lost', NULL, journal.key, NULL, NULL, NULL
FROM journals AS journal
LEFT JOIN seals AS seal ON seal.journal = journal.id
LEFT JOIN unsealed_journals AS waiting ON waiting.journal = journal.id
WHERE seal.seq IS NULL AND waiting.journal IS NULL
UNION ALL
SELECT 'gone', NULL, CAST(waiting.journal AS text), NULL, NULL, NULL
FROM unsealed_journals AS waiting LEFT JOIN journals AS journal ON journal.id = waiting.journal
WHERE journal.id IS NULL
""")

Parts = Mapping[str, Sequence[RowMapping]]


async def prove_books(connection: AsyncConnection) -> Proof:
    """Check everything; each fault is named with its row. Reads of one state, the chain in pages of links."""
    found: dict[str, list[RowMapping]] = {}
    for row in (await connection.execute(_CHECKS, {"grow_by_debit": _GROW_BY_DEBIT})).mappings():
        found.setdefault(row["part"], []).append(row)
    balances = [BalanceOf(account_of(row), row["stored"], row["summed"]) for row in found.get("balance", ())]
    return Proof(
        journals=int(found["journals"][0]["stored"]),
        entries=int(found["entries"][0]["stored"]),
        unbalanced=tuple(_unbalanced(found)),
        mismatched_balances=mismatched(balances),
        negative_balances=negative(balances),
        lot_faults=_part_faults(found, "lots", "lot"),
        debt_faults=_part_faults(found, "debts", "debt"),
        chain_fault=await _chain_fault(connection, found),
        sealed=int(found["sealed"][0]["stored"]),
    )


def _unbalanced(found: Parts) -> Iterator[str]:
    for row in found.get("unbalanced", ()):
        yield f"{row['owner']}: {row['currency'] or 'unknown account'} sums to {row['summed']}"
    for row in found.get("empty", ()):
        yield f"{row['owner']}: no entries"


def _part_faults(found: Parts, of_members: str, single: str) -> tuple[str, ...]:
    sums = [
        f"{row['kind']} {row['currency']} of {row['owner']}: {of_members} {row['stored']}, entries {row['summed']}"
        for row in found.get(of_members, ())
    ]
    rows = [f"{single} {row['owner']}: remaining {row['stored']}, moves {row['summed']}" for row in found.get(single, ())]
    return (*sums, *rows)


async def _chain_fault(connection: AsyncConnection, found: Parts) -> str | None:
    fault = await chain_fault(connection, int(found["sealed"][0]["summed"]))
    if fault is not None:
        return fault
    for row in found.get("lost", ()):
        return f"expected {row['owner']} to be sealed or waiting for it, was neither"
    for row in found.get("gone", ()):
        return f"expected journal {row['owner']} to wait for its seal, was none"
    return None
