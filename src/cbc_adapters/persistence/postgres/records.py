"""The record of a journal as the chain hashes it, written by PostgreSQL byte for byte as the domain writes it (LED-22)."""

from decimal import Decimal
from typing import Final

from cbc_domain.kernel.money import LEDGER_CURRENCIES

_UNITS: Final = " ".join(f"WHEN '{one.code}' THEN {Decimal(1).scaleb(-one.places):f}" for one in LEDGER_CURRENCIES)

# What the lines of an account have in common is written once for the account, not for each of its entries.
ACCOUNT_WORDS: Final = f"""
    SELECT id, kind, owner, currency, balance, CASE currency {_UNITS} END AS unit,
           '{{"account":' || to_json(kind) || ',"amount":"' AS opens,
           '","currency":' || to_json(currency) || ',"line":' AS goes_on,
           ',"owner":' || to_json(owner) || ',"side":' AS closes
    FROM ledger_accounts
"""

LINES: Final = """string_agg(
    account.opens || entry.amount * account.unit || account.goes_on || entry.line
        || account.closes || to_json(entry.side) || '}',
    ',' ORDER BY entry.line
)"""
"""The lines of a journal, grouped over its entries with the words of their accounts."""

RECORD: Final = r"""(
    '{"entries":[' || coalesce(lines, '') || '],"idempotency_key":' || to_json(key) || ',"kind":' || to_json(kind)
    || ',"posted_at":"' || to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '","seq":' || seq || '}'
)"""

SIGNED: Final = "CASE entry.side WHEN 'D' THEN entry.amount ELSE -entry.amount END"

CURRENCIES: Final = tuple(one.code for one in LEDGER_CURRENCIES)

SUMS: Final = ", ".join(f"sum({SIGNED}) FILTER (WHERE account.currency = '{code}') AS off_{code}" for code in CURRENCIES)
"""What the entries of a journal sum to, a column for each currency."""

UNBALANCED: Final = " OR ".join(f"off_{code} <> 0" for code in CURRENCIES)
