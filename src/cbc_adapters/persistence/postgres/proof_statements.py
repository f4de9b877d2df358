"""The statements of a proof (LED-20): over everything, or over what came after the last good one.

Each is one statement, because one statement sees one state of all tables at any isolation level. Only counts and faults
come out of it: `part` says of what, `fact` is a JSON object that names the row.
"""

from typing import Final

from sqlalchemy import text

from cbc_adapters.persistence.postgres.records import ACCOUNT_WORDS, CURRENCIES, LINES, RECORD, SIGNED, SUMS, UNBALANCED
from cbc_adapters.persistence.postgres.tables.metadata import document
from cbc_adapters.persistence.postgres.tables.metadata import text as words
from cbc_domain.ledger.chart import CHART
from cbc_domain.ledger.model import Direction

MOST_NAMED: Final = 100
"""How many faults of one kind are named; who changed all rows need not read of each."""

_BY_DEBIT: Final = ", ".join(f"'{kind}'" for kind, row in CHART.items() if row.normal is Direction.DEBIT)
ON_NORMAL_SIDE: Final = f"CASE WHEN account.kind IN ({_BY_DEBIT}) THEN 1 ELSE -1 END"

_OFF: Final = ", ".join(f"'{code}', off_{code}" for code in CURRENCIES)

# A link is recomputed on the stored hash of the one before it: a changed row spoils its own link and no other.
_LINKS: Final = """
    SELECT seq, journal, hash, lag(seq, 1, CAST(:since AS bigint)) OVER chain AS seq_before,
           lag(hash, 1, CAST(:since_hash AS text)) OVER chain AS hash_before
    FROM seals WHERE seq > :since WINDOW chain AS (ORDER BY seq)
"""

_ALL_SCOPE: Final = f"""
account AS MATERIALIZED ({ACCOUNT_WORDS}),
scope AS (
    SELECT coalesce(journal.id, link.journal, waiting.journal) AS id, waiting.journal IS NOT NULL AS waits,
           link.seq, link.hash, link.seq_before, link.hash_before
    FROM journals AS journal
    FULL JOIN link ON link.journal = journal.id
    FULL JOIN unsealed_journals AS waiting ON waiting.journal = coalesce(journal.id, link.journal)
),
sums AS (
    SELECT entry.account, sum({SIGNED}) AS minor FROM entries AS entry GROUP BY entry.account
),
summed AS (
    SELECT entry.journal, count(*) AS entries, max(entry.line) AS last_line, bool_or(account.id IS NULL) AS adrift,
           {SUMS}, {LINES} AS lines
    FROM entries AS entry LEFT JOIN account ON account.id = entry.account
    GROUP BY entry.journal
),
balances AS MATERIALIZED (
    SELECT account.kind, account.owner, account.currency, account.balance AS stored,
           coalesce(sums.minor, 0) * {ON_NORMAL_SIDE} AS summed
    FROM account LEFT JOIN sums ON sums.account = account.id
),
lot_looked_at AS (SELECT * FROM lots),
debt_looked_at AS (SELECT * FROM debts)
"""

_NEW_SCOPE: Final = f"""
account AS ({ACCOUNT_WORDS}),
scope AS MATERIALIZED (
    SELECT coalesce(link.journal, waiting.journal) AS id, waiting.journal IS NOT NULL AS waits,
           link.seq, link.hash, link.seq_before, link.hash_before
    FROM link FULL JOIN unsealed_journals AS waiting ON waiting.journal = link.journal
),
fresh AS MATERIALIZED (
    SELECT entry.* FROM scope JOIN entries AS entry ON entry.journal = scope.id
),
sums AS (
    SELECT entry.account, sum({SIGNED}) AS minor FROM fresh AS entry GROUP BY entry.account
),
summed AS (
    SELECT entry.journal, count(*) AS entries, max(entry.line) AS last_line, bool_or(account.id IS NULL) AS adrift,
           {SUMS}, {LINES} AS lines
    FROM fresh AS entry LEFT JOIN account ON account.id = entry.account
    GROUP BY entry.journal
),
balances AS MATERIALIZED (
    SELECT account.kind, account.owner, account.currency, account.balance AS stored,
           coalesce(proven.balance, 0) + coalesce(sums.minor, 0) * {ON_NORMAL_SIDE} AS summed
    FROM ledger_accounts AS account
    LEFT JOIN proven_balances AS proven ON proven.account = account.id
    LEFT JOIN sums ON sums.account = account.id
),
lot_looked_at AS (
    SELECT * FROM lots WHERE id IN (
        SELECT id FROM lots WHERE journal IN (SELECT id FROM scope)
        UNION SELECT lot FROM lot_moves WHERE journal IN (SELECT id FROM scope)
    )
),
debt_looked_at AS (
    SELECT * FROM debts WHERE id IN (
        SELECT id FROM debts WHERE journal IN (SELECT id FROM scope)
        UNION SELECT debt FROM debt_payments WHERE journal IN (SELECT id FROM scope)
    )
)
"""


def _statement(scope: str, counted: str) -> str:
    return f"""
WITH link AS ({_LINKS}), {scope},
checked AS (
    SELECT *, CASE WHEN seq IS NOT NULL THEN
        encode(sha256(convert_to(hash_before || chr(10) || {RECORD}, 'UTF8')), 'hex') END AS expected
    FROM (
        SELECT coalesce(scope.id, summed.journal) AS id, scope.waits, scope.seq, scope.hash, scope.seq_before,
               scope.hash_before, journal.id IS NULL AS gone, journal.key, journal.kind, journal.posted_at,
               coalesce(entries, 0) AS entries, coalesce(last_line, 0) AS last_line, coalesce(adrift, false) AS adrift,
               coalesce({UNBALANCED}, false) AS unbalanced, jsonb_strip_nulls(jsonb_build_object({_OFF})) AS sums, lines
        FROM scope LEFT JOIN journals AS journal ON journal.id = scope.id FULL JOIN summed ON summed.journal = scope.id
    ) AS whole
),
left_lots AS (
    SELECT CAST(member AS text) AS owner, currency, sum(remaining) AS minor
    FROM lots WHERE remaining > 0 GROUP BY 1, 2
),
left_debts AS (
    SELECT CAST(member AS text) AS owner, currency, sum(remaining) AS minor
    FROM debts WHERE remaining > 0 GROUP BY 1, 2
)
{counted}
UNION ALL
SELECT 'end', jsonb_build_object('seq', seq, 'hash', hash) FROM (SELECT * FROM seals ORDER BY seq DESC LIMIT 1) AS newest
UNION ALL
SELECT 'mark', jsonb_build_object('hash', (SELECT hash FROM seals WHERE seq = :mark))
WHERE :mark > 0 AND NOT EXISTS (SELECT FROM seals WHERE seq = :mark AND hash = :mark_hash)
UNION ALL
SELECT 'journal', to_jsonb(found) - 'lines' FROM (
    SELECT * FROM checked
    WHERE gone OR seq <> seq_before + 1 OR hash <> expected OR (seq IS NULL) <> waits
       OR entries < 2 OR last_line <> entries OR adrift OR unbalanced
    ORDER BY seq, id LIMIT {MOST_NAMED}
) AS found
UNION ALL
SELECT 'balance', to_jsonb(found) FROM (
    SELECT * FROM balances WHERE stored IS NOT NULL AND (stored <> summed OR summed < 0)
    ORDER BY kind, owner, currency LIMIT {MOST_NAMED}
) AS found
UNION ALL
{_parts("lots", "member_admin")}
UNION ALL
{_parts("debts", "member_debt")}
UNION ALL
{_rest("lot", "lot_moves")}
UNION ALL
{_rest("debt", "debt_payments")}
"""


def _parts(parts: str, kind: str) -> str:
    return f"""
SELECT '{parts}', to_jsonb(found) FROM (
    SELECT coalesce(account.owner, part.owner) AS owner, coalesce(account.currency, part.currency) AS currency,
           '{kind}' AS kind, coalesce(part.minor, 0) AS stored, coalesce(account.summed, 0) AS summed
    FROM (SELECT * FROM balances WHERE kind = '{kind}') AS account
    FULL JOIN left_{parts} AS part ON part.owner = account.owner AND part.currency = account.currency
    WHERE coalesce(part.minor, 0) <> coalesce(account.summed, 0)
    ORDER BY owner, currency LIMIT {MOST_NAMED}
) AS found"""


def _rest(part: str, moves: str) -> str:
    return f"""
SELECT '{part}', to_jsonb(found) FROM (
    SELECT part.id AS owner, part.remaining AS stored, part.amount - coalesce(sum(move.amount), 0) AS summed
    FROM {part}_looked_at AS part LEFT JOIN {moves} AS move ON move.{part} = part.id
    GROUP BY part.id, part.remaining, part.amount
    HAVING part.remaining <> part.amount - coalesce(sum(move.amount), 0)
    ORDER BY part.id LIMIT {MOST_NAMED}
) AS found"""


_ALL_COUNTED: Final = """
SELECT 'counts' AS part, jsonb_build_object(
    'journals', (SELECT count(*) FROM journals), 'entries', (SELECT count(*) FROM entries)
) AS fact
"""
_NEW_COUNTED: Final = """
SELECT 'counts' AS part, jsonb_build_object(
    'journals', (SELECT count(*) FROM scope), 'entries', (SELECT count(*) FROM fresh)
) AS fact
"""

PROVE_ALL: Final = text(_statement(_ALL_SCOPE, _ALL_COUNTED)).columns(part=words, fact=document)
PROVE_NEW: Final = text(_statement(_NEW_SCOPE, _NEW_COUNTED)).columns(part=words, fact=document)
"""Both take `since` and `since_hash`, the last link taken as proven, and `mark` and `mark_hash`, which must still stand."""
