"""How long it takes to prove the books: everything, and what came after the last good proof."""

import resource
import time
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.ledger.findings import Proof
from tests.bench.filled_books import ENTRIES_OF_TEN, fill, own_database
from tests.bench.table import Row, Size, Table

ENTRIES: Final = {Size.QUICK: (10_000,), Size.FULL: (10_000, 100_000, 1_000_000)}
NEW_JOURNALS: Final = 350
"""About a thousand entries: what a busy minute adds."""
NOW: Final = datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
SEALED_AT_ONCE: Final = 5000


async def measure(size: Size) -> Table:
    rows: list[Row] = []
    async with own_database() as engine:
        store, there = PostgresStore(engine, SystemIdentities()), 0
        for entries in ENTRIES[size]:
            until = entries * 10 // ENTRIES_OF_TEN + 1
            await fill(engine, there + 1, until)
            rows.extend(await _rows(engine, store, until))
            there = until + NEW_JOURNALS
    return Table(
        "Proof of the books (LED-20, LED-22)",
        rows,
        (
            "all: every entry, balance, part and link; new: what came after the last good proof, and every balance.",
            "Memory is the most that the client process has held so far; the work is PostgreSQL's.",
        ),
    )


async def _rows(engine: AsyncEngine, store: PostgresStore, until: int) -> list[Row]:
    began = time.perf_counter()
    sealed = await _seal(store)
    seal_s = time.perf_counter() - began
    everything, all_s = await _prove(store, whole=True)
    await fill(engine, until + 1, until + NEW_JOURNALS)
    await _seal(store)
    new, new_s = await _prove(store, whole=False)
    return [
        _row("seal", everything.entries, sealed * ENTRIES_OF_TEN // 10, seal_s, all_s),
        _row("prove all", everything.entries, everything.entries, all_s, all_s),
        _row("prove new", everything.entries, new.entries, new_s, all_s),
    ]


async def _seal(store: PostgresStore) -> int:
    total = 0
    while True:
        async with store() as work:
            sealed = await work.books.seal(SEALED_AT_ONCE)
            await work.commit()
        if not sealed:
            return total
        total += sealed


async def _prove(store: PostgresStore, *, whole: bool) -> tuple[Proof, float]:
    began = time.perf_counter()
    async with store() as work:
        proof = await (work.books.prove() if whole else work.books.prove_since_last())
        await work.books.keep_proof(proof, NOW)
        await work.commit()
    if not proof.holds:
        raise RuntimeError(f"expected sound books, was {proof.faults[0]}")
    return proof, time.perf_counter() - began


def _row(what: str, there: int, read: int, seconds: float, all_s: float) -> Row:
    return {
        "what": what,
        "entries there": there,
        "entries read": read,
        "seconds": seconds,
        "entries/s": read / seconds,
        "of prove all": seconds / all_s,
        "client MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
