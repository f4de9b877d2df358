"""What the ledger's function is given: the rows of a batch, an array of each kind."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ROWS: Final[Mapping[str, str]] = MappingProxyType(
    {
        # `change` is of the whole call, `lowest` the least that the journals change it by on the way; NULL without a floor.
        "new_accounts": "kind text, owner text, currency text, change bigint, lowest bigint",
        "new_journals": (
            "id uuid, flow text, kind text, key text, fingerprint text, occurred_at timestamptz, posted_at timestamptz,"
            " actor text, reference text, reverses uuid"
        ),
        # `account` is a place among the accounts of the call.
        "new_entries": "journal uuid, line integer, account integer, side text, amount bigint",
        "new_lots": (
            "id uuid, member uuid, currency text, amount bigint, remaining bigint, origin text, credited_at timestamptz,"
            " expires_at timestamptz, status text, journal uuid"
        ),
        "new_lot_moves": "journal uuid, line integer, lot uuid, amount bigint, extends_to timestamptz, expires boolean",
        "new_debts": (
            "id uuid, member uuid, currency text, amount bigint, remaining bigint, cause text, origin text,"
            " created_at timestamptz, journal uuid"
        ),
        "new_debt_payments": "journal uuid, line integer, debt uuid, amount bigint",
        "new_conversions": (
            "journal uuid, paid bigint, paid_currency text, covered bigint, covered_currency text, rate numeric,"
            " provider text, provider_at timestamptz, accepted_at timestamptz"
        ),
        "new_events": ("id uuid, name text, subject uuid, occurred_at timestamptz, data text, causation_id uuid, hops integer"),
    }
)
"""The columns of each argument of `post_journals`, which takes an array of rows of each, in this order."""

ARGUMENTS: Final = ", ".join(f"{name} {name}_row[]" for name in ROWS)
