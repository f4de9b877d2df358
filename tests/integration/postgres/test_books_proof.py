"""The proof finds and names what somebody changed behind the ledger's back (LED-20, LED-22)."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.ids import DebtId, MemberId, PositionId
from cbc_domain.ledger.findings import Proof
from cbc_domain.ledger.model import Debt, Posting
from cbc_domain.ledger.postings import commission, manual_credit, recharge
from cbc_domain.ledger.spending import Spent, spend
from tests.promises.samples import NOW, SECOND, Samples, brl, committed

JOURNALS = 6


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def member(store: PostgresStore, samples: Samples) -> MemberId:
    return (await samples.joined(store)).id


@pytest.fixture
async def postings(store: PostgresStore, samples: Samples, member: MemberId) -> AsyncIterator[list[Posting]]:
    """Recharges, a credit, and a fee that takes everything and leaves a debt; sealed."""
    lot = samples.lot(await samples.joined(store), brl("5.00"))
    position, debt = PositionId(samples.ids.new()), DebtId(samples.ids.new())
    async with committed(store) as work:
        paid = [recharge(f"pi-{number}", member, brl("10.00"), NOW) for number in range(JOURNALS - 2)]
        first = list(await work.books.post([*paid, manual_credit("r-1", lot, NOW, "admin")], NOW))
        held = (await work.books.hold([member]))[member]
        spent = spend(brl("50.00"), held, None, NOW)
        assert isinstance(spent, Spent)
        owed = Debt(debt, member, spent.debt, spent.debt, "commission", str(position), NOW)
        charge = commission(position, member, spent, brl("50.00"), None, owed, NOW)
        second = list(await work.books.post([charge], NOW + SECOND))
    async with committed(store) as work:
        assert await work.books.seal(100) == JOURNALS
    yield [*first, *second]


async def tamper(store: PostgresStore, *changes: str) -> None:
    """Do as somebody would who owns the database: without triggers and foreign keys."""
    async with store.engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        for change in changes:
            await connection.execute(text(change))


async def proof_of(store: PostgresStore) -> Proof:
    async with store() as work:
        return await work.books.prove()


async def test_untouched_books_hold(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-20"""
    found = await proof_of(store)

    async with store() as work:
        [*_, last] = await work.books.seals(0, JOURNALS)
    assert found == Proof(journals=JOURNALS, entries=2 * (JOURNALS - 1) + 3, sealed=last.seq, last_hash=last.hash)
    assert found.holds


async def test_a_changed_cent_is_found_in_sums_balances_and_chain(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-20, LED-22"""
    third = postings[2]

    await tamper(store, f"UPDATE entries SET amount = amount + 1 WHERE line = 2 AND journal = '{third.id}'")

    found = await proof_of(store)
    assert found.unbalanced == (f"{third.journal.key}: BRL sums to -1",)
    assert [fault.split(":")[0] for fault in found.mismatched_balances] == [
        f"member_real BRL of {third.journal.entries[1].account.owner}"
    ]
    assert found.chain_fault is not None
    assert third.journal.key in found.chain_fault


async def test_a_cent_changed_on_both_sides_is_found_by_the_chain(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-22"""
    third = postings[2]

    await tamper(
        store,
        f"UPDATE entries SET amount = amount + 1 WHERE journal = '{third.id}'",
        "UPDATE ledger_accounts SET balance = 1 WHERE kind = 'member_real' AND balance = 0"
        f" AND owner = '{third.journal.entries[1].account.owner}' AND currency = 'BRL'",
    )

    found = await proof_of(store)
    assert found.unbalanced == found.mismatched_balances == ()
    assert found.chain_fault is not None
    assert f"the hash of {third.journal.key} at sequence 3" in found.chain_fault


async def test_a_stored_balance_that_was_changed_is_named(
    store: PostgresStore, postings: list[Posting], member: MemberId
) -> None:
    """rules: LED-20"""
    await tamper(store, f"UPDATE ledger_accounts SET balance = 777 WHERE kind = 'member_debt' AND owner = '{member}'")

    found = await proof_of(store)

    assert found.mismatched_balances == (f"member_debt BRL of {member}: stored 777, entries 1000",)
    assert found.chain_fault is None


async def test_a_deleted_journal_is_named(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-22"""
    third = postings[2].id

    await tamper(store, f"DELETE FROM entries WHERE journal = '{third}'", f"DELETE FROM journals WHERE id = '{third}'")

    found = await proof_of(store)
    assert found.chain_fault == f"expected journal {third} at sequence 3, was none"
    assert found.mismatched_balances


async def test_deleted_entries_are_named(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-20"""
    third = postings[2]

    await tamper(store, f"DELETE FROM entries WHERE journal = '{third.id}'")

    found = await proof_of(store)
    assert found.unbalanced == (f"{third.journal.key}: no entries",)
    assert found.chain_fault is not None
    assert f"the hash of {third.journal.key} at sequence 3" in found.chain_fault


@pytest.mark.parametrize("line", [1, 2])
async def test_one_deleted_entry_is_named(store: PostgresStore, postings: list[Posting], line: int) -> None:
    """rules: LED-20, LED-22"""
    third = postings[2]

    await tamper(store, f"DELETE FROM entries WHERE line = {line} AND journal = '{third.id}'")

    found = await proof_of(store)
    assert f"{third.journal.key}: BRL sums to {1000 if line == 2 else -1000}" in found.unbalanced
    assert found.chain_fault is not None
    assert f"the hash of {third.journal.key} at sequence 3" in found.chain_fault


async def test_an_entry_of_no_journal_is_named(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-20"""
    stray = "00000000-0000-7000-8000-00000000dead"

    await tamper(
        store,
        "INSERT INTO entries (journal, line, account, side, amount)"
        f" SELECT '{stray}', 1, id, 'D', 100 FROM ledger_accounts LIMIT 1",
    )

    assert f"journal {stray}: 1 entries of no journal" in (await proof_of(store)).unbalanced


async def test_two_entries_that_swapped_their_amounts_are_both_named(
    store: PostgresStore, postings: list[Posting], member: MemberId
) -> None:
    """rules: LED-20, LED-22"""
    fourth, credit = postings[3], postings[4]

    await tamper(
        store,
        f"UPDATE entries SET amount = 500 WHERE line = 1 AND journal = '{fourth.id}'",
        f"UPDATE entries SET amount = 1000 WHERE line = 1 AND journal = '{credit.id}'",
    )

    found = await proof_of(store)
    assert found.unbalanced == (f"{fourth.journal.key}: BRL sums to -500", f"{credit.journal.key}: BRL sums to 500")
    assert [fault.split(" to be ")[0] for fault in found.chain_faults] == [
        f"expected the hash of {fourth.journal.key} at sequence 4",
        f"expected the hash of {credit.journal.key} at sequence 5",
    ]


@pytest.mark.parametrize("column", ["kind", "key"])
async def test_a_journal_that_was_given_another_name_is_found(
    store: PostgresStore, postings: list[Posting], column: str
) -> None:
    """rules: LED-22"""
    await tamper(store, f"UPDATE journals SET {column} = 'other' WHERE id = '{postings[2].id}'")

    found = (await proof_of(store)).chain_fault
    assert found is not None
    assert "at sequence 3" in found


async def test_a_gap_in_the_chain_is_named(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-22"""
    await tamper(store, "DELETE FROM seals WHERE seq = 3")

    found = await proof_of(store)
    assert found.chain_faults == (
        "expected sequence 3, was 4",
        f"expected {postings[2].journal.key} to be sealed or waiting for it, was neither",
    )


async def test_a_chain_that_lost_its_end_is_found(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-22"""
    await tamper(store, f"DELETE FROM seals WHERE seq = {JOURNALS}")

    lost = postings[-1].journal.key
    assert (await proof_of(store)).chain_fault == f"expected {lost} to be sealed or waiting for it, was neither"


async def test_two_swapped_rows_are_found(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-22"""
    third = postings[2]

    await tamper(
        store,
        "UPDATE seals SET seq = 100 + seq WHERE seq IN (2, 3)",
        "UPDATE seals SET seq = 105 - seq WHERE seq IN (102, 103)",
    )

    found = (await proof_of(store)).chain_fault
    assert found is not None
    assert f"the hash of {third.journal.key} at sequence 2" in found


async def test_a_journal_without_its_place_in_the_queue_is_found(
    store: PostgresStore, postings: list[Posting], member: MemberId
) -> None:
    """rules: LED-22"""
    async with committed(store) as work:
        await work.books.post([recharge("late", member, brl("1.00"), NOW)], NOW)

    await tamper(store, "DELETE FROM unsealed_journals")

    found = (await proof_of(store)).chain_fault
    assert found == "expected recharge:late to be sealed or waiting for it, was neither"


async def test_a_lot_that_was_changed_is_named(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-20, BAL-04"""
    lot = postings[-2].journal.lots_opened[0]

    await tamper(store, "UPDATE lots SET remaining = remaining - 1")

    assert (await proof_of(store)).lot_faults == (
        f"member_admin BRL of {lot.member}: lots 499, entries 500",
        f"lot {lot.id}: remaining 499, moves 500",
    )


async def test_a_debt_that_was_forgotten_is_named(store: PostgresStore, postings: list[Posting], member: MemberId) -> None:
    """rules: LED-20"""
    await tamper(store, "DELETE FROM debts")

    assert (await proof_of(store)).debt_faults == (f"member_debt BRL of {member}: debts 0, entries 1000",)


async def test_what_was_changed_before_its_seal_stays_unsealed_and_is_named(
    store: PostgresStore, postings: list[Posting], member: MemberId
) -> None:
    """rules: LED-20, LED-22"""
    async with committed(store) as work:
        await work.books.post([recharge(name, member, brl("1.00"), NOW) for name in ("one", "two")], NOW)
    changed = "SELECT id FROM journals WHERE key = 'recharge:one'"
    await tamper(store, f"UPDATE entries SET amount = 99 WHERE line = 1 AND journal = ({changed})")

    async with committed(store) as work:
        assert await work.books.seal(100) == 1

    found = await proof_of(store)
    assert found.unbalanced == ("recharge:one: BRL sums to -1",)
    assert found.sealed == JOURNALS + 1


async def test_a_hash_that_was_changed_is_named(store: PostgresStore, postings: list[Posting]) -> None:
    """rules: LED-22"""
    await tamper(store, "UPDATE seals SET hash = repeat('a', 64) WHERE seq = 5")

    first, second = (await proof_of(store)).chain_faults

    assert first.startswith(f"expected the hash of {postings[4].journal.key} at sequence 5")
    assert first.endswith(f"was {'a' * 64}")
    assert "at sequence 6" in second
