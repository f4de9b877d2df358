"""A proof that goes on from the last good one finds what changed since, and what it started from."""

import pytest
from sqlalchemy import text

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.ids import MemberId
from cbc_domain.ledger.findings import Proof
from cbc_domain.ledger.postings import manual_credit, recharge
from tests.promises.samples import NOW, Samples, brl, committed


@pytest.fixture
async def member(store: PostgresStore) -> MemberId:
    """Somebody with two recharges before the last good proof, and one and a credit after it; all sealed."""
    samples = Samples()
    joined = await samples.joined(store)
    await _post(store, "1", joined.id)
    await _post(store, "2", joined.id)
    async with committed(store) as work:
        await work.books.keep_proof(await work.books.prove(), NOW)
    await _post(store, "3", joined.id)
    async with committed(store) as work:
        await work.books.post([manual_credit("r-1", samples.lot(joined, brl("5.00")), NOW, "admin")], NOW)
        await work.books.seal(10)
    return joined.id


async def _post(store: PostgresStore, name: str, member: MemberId) -> None:
    async with committed(store) as work:
        await work.books.post([recharge(name, member, brl("10.00"), NOW)], NOW)
    async with committed(store) as work:
        await work.books.seal(10)


async def found_after(store: PostgresStore, change: str) -> Proof:
    async with store.engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        await connection.execute(text(change))
    async with store() as work:
        return await work.books.prove_since_last()


def of(key: str) -> str:
    return f"(SELECT id FROM journals WHERE key = '{key}')"


async def test_untouched_books_hold(store: PostgresStore, member: MemberId) -> None:
    """rules: LED-20, LED-21"""
    found = await found_after(store, "SELECT 1")

    assert found.holds, found
    assert (found.journals, found.entries, found.since, found.sealed) == (2, 4, 2, 4)


async def test_a_changed_cent_is_named(store: PostgresStore, member: MemberId) -> None:
    """rules: LED-20, LED-22"""
    found = await found_after(store, f"UPDATE entries SET amount = 1001 WHERE line = 2 AND journal = {of('recharge:3')}")

    assert found.unbalanced == ("recharge:3: BRL sums to -1",)
    assert found.mismatched_balances == (f"member_real BRL of {member}: stored 3000, entries 3001",)
    assert found.chain_fault is not None
    assert "the hash of recharge:3 at sequence 3" in found.chain_fault


async def test_a_balance_that_was_changed_is_named_though_nothing_was_posted_to_it(
    store: PostgresStore, member: MemberId
) -> None:
    """rules: LED-20"""
    found = await found_after(store, "UPDATE ledger_accounts SET balance = 7 WHERE kind = 'member_real'")

    assert found.mismatched_balances == (f"member_real BRL of {member}: stored 7, entries 3000",)


async def test_a_deleted_journal_is_named(store: PostgresStore, member: MemberId) -> None:
    """rules: LED-22"""
    found = await found_after(store, "DELETE FROM journals WHERE key = 'recharge:3'")

    assert found.chain_fault is not None
    assert "at sequence 3, was none" in found.chain_fault


async def test_a_gap_is_named(store: PostgresStore, member: MemberId) -> None:
    """rules: LED-22"""
    assert (await found_after(store, "DELETE FROM seals WHERE seq = 3")).chain_fault == "expected sequence 3, was 4"


@pytest.mark.parametrize("change", ["DELETE FROM seals WHERE seq = 2", "UPDATE seals SET hash = repeat('b', 64) WHERE seq = 2"])
async def test_a_chain_that_was_written_anew_under_the_last_proof_is_found(
    store: PostgresStore, member: MemberId, change: str
) -> None:
    """rules: LED-21, LED-22"""
    found = await found_after(store, change)

    assert found.chain_fault is not None
    assert "that was proven at sequence 2, was" in found.chain_fault


async def test_a_lot_that_was_changed_is_named(store: PostgresStore, member: MemberId) -> None:
    """rules: LED-20, BAL-04"""
    found = await found_after(store, "UPDATE lots SET remaining = remaining - 1")

    assert found.lot_faults[0] == f"member_admin BRL of {member}: lots 499, entries 500"
    assert len(found.lot_faults) == 2


async def test_what_an_earlier_proof_read_is_left_to_the_one_that_reads_everything(
    store: PostgresStore, member: MemberId
) -> None:
    """rules: LED-21"""
    found = await found_after(store, f"UPDATE entries SET amount = 1001 WHERE journal = {of('recharge:1')}")

    assert found.holds
    async with store() as work:
        assert "the hash of recharge:1 at sequence 1" in str((await work.books.prove()).chain_fault)
