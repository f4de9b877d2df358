"""The hash chain over the journal: what is sealed, how, and how a change is found (LED-22)."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cbc_domain.kernel.time import format_instant
from cbc_domain.ledger.findings import Seal
from cbc_domain.ledger.model import Journal, Posting

GENESIS: Final = "0" * 64
"""What stands before the first record."""


def canonical(seq: int, journal: Journal, posted_at: datetime) -> str:
    """The text that is hashed: JSON with sorted keys and no spaces; lines count from one in the order of entries."""
    record = {
        "seq": seq,
        "kind": journal.kind,
        "idempotency_key": journal.key,
        "posted_at": format_instant(posted_at),
        "entries": [
            {
                "line": line,
                "account": entry.account.kind,
                "owner": entry.account.owner,
                "currency": entry.account.currency.code,
                "side": entry.direction,
                "amount": entry.amount.text,
            }
            for line, entry in enumerate(journal.entries, start=1)
        ],
    }
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seal(previous_hash: str, seq: int, journal: Journal, posted_at: datetime) -> str:
    """Hash one record onto the chain; hex SHA-256."""
    return hashlib.sha256(f"{previous_hash}\n{canonical(seq, journal, posted_at)}".encode()).hexdigest()


def verify_chain(links: Iterable[tuple[Seal, Posting]], start: Seal | None = None) -> str | None:
    """Find the first link that does not follow from those before it; None when the chain holds.

    `start` is the last link of a part that was verified before, None at the beginning.
    """
    seq, previous = (start.seq, start.hash) if start else (0, GENESIS)
    for link, posting in links:
        seq += 1
        if link.seq != seq:
            return f"expected sequence {seq}, was {link.seq}"
        if link.journal != posting.id:
            return f"expected journal {link.journal} at sequence {seq}, was {posting.id}"
        if link.hash != seal(previous, seq, posting.journal, posting.posted_at):
            return f"expected the hash of {posting.journal.key} at sequence {seq}, was {link.hash}"
        previous = link.hash
    return None
