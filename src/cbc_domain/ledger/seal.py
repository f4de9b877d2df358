"""The hash chain over the journal: what is sealed, how, and how a change is found (LED-22)."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.time import format_instant
from cbc_domain.ledger.findings import NO_HASH, Seal
from cbc_domain.ledger.model import Journal, Posting

GENESIS: Final = NO_HASH
"""What stands before the first record."""

_BEFORE_THE_FIRST: Final = Seal(0, JournalId(UUID(int=0)), GENESIS)


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
    return link_hash(previous_hash, canonical(seq, journal, posted_at))


def link_hash(previous_hash: str, record: str) -> str:
    """Hash a record that is written already as `canonical` writes it."""
    return hashlib.sha256(f"{previous_hash}\n{record}".encode()).hexdigest()


def chain_faults(links: Iterable[tuple[Seal, Posting | None]], start: Seal | None = None) -> Iterator[str]:
    """Name every link that does not follow from the one before it; a link whose journal is gone comes with None.

    `start` is the last link of a part that was verified before, None at the beginning.
    """
    before = start or _BEFORE_THE_FIRST
    for link, posting in links:
        if link.seq != before.seq + 1:
            yield out_of_place(before.seq + 1, link.seq)
        elif posting is None or link.journal != posting.id:
            yield gone(link.journal, link.seq, posting.id if posting else None)
        elif link.hash != (expected := seal(before.hash, link.seq, posting.journal, posting.posted_at)):
            yield changed(posting.journal.key, link.seq, expected, link.hash)
        before = link


def verify_chain(links: Iterable[tuple[Seal, Posting]], start: Seal | None = None) -> str | None:
    """Find the first link that does not follow from those before it; None when the chain holds."""
    return next(chain_faults(links, start), None)


def out_of_place(expected: int, found: int) -> str:
    return f"expected sequence {expected}, was {found}"


def gone(journal: JournalId, seq: int, found: JournalId | None = None) -> str:
    return f"expected journal {journal} at sequence {seq}, was {found or 'none'}"


def changed(key: str, seq: int, expected: str, found: str) -> str:
    return f"expected the hash of {key} at sequence {seq} to be {expected}, was {found}"


def rewritten(seq: int, proven: str, found: str | None) -> str:
    """Say that the end of the chain that was proven last is not in it any more."""
    return f"expected the hash {proven} that was proven at sequence {seq}, was {found or 'none'}"
