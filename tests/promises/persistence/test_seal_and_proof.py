"""What stores promise of the hash chain and of the proof of the books."""

import asyncio
from datetime import datetime, timedelta

import attrs
import pytest

from cbc_domain.kernel.ids import DebtId, MemberId
from cbc_domain.ledger.findings import KeptProof, Proof
from cbc_domain.ledger.model import Debt
from cbc_domain.ledger.postings import (
    manual_credit,
    recharge,
)
from cbc_domain.ledger.seal import GENESIS, seal
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeping import fee_of, holdings, post
from tests.promises.samples import NOW, Samples, brl, committed, usd

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_chain_takes_journals_once_without_gaps(store: Store, ana: MemberId) -> None:
    """rules: LED-22"""
    postings = await post(store, *(recharge(f"pi_{number}", ana, brl("1.00"), NOW) for number in range(5)))
    counts: list[int] = []

    for _ in range(4):
        async with committed(store) as work:
            counts.append(await work.books.seal(2))

    async with store() as work:
        seals = await work.books.seals(0, 10)
        assert await work.books.seals(2, 2) == list(seals[2:4])
        found = await work.books.prove()
    assert counts == [2, 2, 1, 0]
    assert [link.seq for link in seals] == [1, 2, 3, 4, 5]
    assert {link.journal for link in seals} == {posting.id for posting in postings}
    assert (found.sealed, found.chain_fault) == (5, None)


async def test_each_link_is_the_hash_of_its_record_on_the_one_before(store: Store, ana: MemberId) -> None:
    """rules: LED-22"""
    await post(store, recharge("pi_1", ana, brl("1.00"), NOW))
    await post(store, recharge("pi_2", ana, usd("2.50"), NOW), at=NOW + timedelta(microseconds=1))
    async with committed(store) as work:
        await work.books.seal(10)

    previous, expected = GENESIS, []
    async with store() as work:
        links = await work.books.seals(0, 10)
        for link in links:
            posting = await work.books.posting_of(link.journal)
            assert posting is not None
            previous = seal(previous, link.seq, posting.journal, posting.posted_at)
            expected.append(previous)
    assert [link.hash for link in links] == expected


async def test_an_undone_seal_is_none(store: Store, ana: MemberId) -> None:
    """rules: LED-22"""
    await post(store, recharge("pi_1", ana, brl("1.00"), NOW))
    async with store() as work:
        await work.books.seal(10)

    async with committed(store) as work:
        assert await work.books.seals(0, 10) == []
        assert await work.books.seal(10) == 1


async def test_sealers_at_once_make_one_chain(store: Store, ana: MemberId) -> None:
    """rules: LED-22"""
    await post(store, *(recharge(f"pi_{number}", ana, brl("1.00"), NOW) for number in range(6)))

    async def seal_some() -> int:
        async with committed(store) as work:
            return await work.books.seal(2)

    counts = await asyncio.gather(*(seal_some() for _ in range(5)))

    async with committed(store) as work:
        rest = await work.books.seal(100)
        assert [link.seq for link in await work.books.seals(0, 10)] == [1, 2, 3, 4, 5, 6]
        assert (await work.books.prove()).holds
    assert sum(counts) + rest == 6


async def test_empty_books_are_proven(store: Store) -> None:
    """rules: LED-20"""
    async with store() as work:
        found = await work.books.prove()

    assert found.holds
    assert (found.journals, found.entries, found.sealed) == (0, 0, 0)


async def test_the_proof_counts_what_it_read(store: Store, samples: Samples, ana: MemberId, bea: MemberId) -> None:
    """rules: LED-20"""
    await post(store, recharge("pi_1", ana, brl("10.00"), NOW))
    charge = fee_of(samples, await holdings(store, ana), brl("12.00"), (bea, brl("0.18")))
    await post(store, charge)
    async with committed(store) as work:
        await work.books.seal(1)

    async with store() as work:
        found = await work.books.prove()

    assert found.holds
    assert (found.journals, found.entries, found.sealed) == (2, 2 + len(charge.entries), 1)


async def test_the_proof_finds_parts_that_do_not_add_up(store: Store, samples: Samples) -> None:
    """rules: LED-20"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("5.00"))
    await post(store, attrs.evolve(manual_credit("r-1", lot, NOW, "admin"), lots_opened=()))
    debt = Debt(DebtId(samples.ids.new()), member.id, brl("1.00"), brl("1.00"), "commission", "p", NOW)
    await post(store, attrs.evolve(recharge("pi_1", member.id, usd("1.00"), NOW), debts_opened=(debt,)))

    async with store() as work:
        found = await work.books.prove()

    assert not found.holds
    assert (len(found.lot_faults), len(found.debt_faults)) == (1, 1)
    assert (found.unbalanced, found.mismatched_balances, found.negative_balances) == ((), (), ())


async def proof(store: Store, *, whole: bool, at: datetime = NOW) -> Proof:
    """Seal, prove and keep the result, as the schedule does."""
    async with committed(store) as work:
        await work.books.seal(100)
    async with committed(store) as work:
        found = await (work.books.prove() if whole else work.books.prove_since_last())
        await work.books.keep_proof(found, at)
    return found


async def test_a_proof_goes_on_from_the_last_good_one(store: Store, samples: Samples, ana: MemberId, bea: MemberId) -> None:
    """rules: LED-20, LED-21"""
    await post(store, *(recharge(f"pi_{number}", ana, brl("10.00"), NOW) for number in range(3)))
    first = await proof(store, whole=False)
    await post(store, fee_of(samples, await holdings(store, ana), brl("12.00"), (bea, brl("0.18"))))
    second = await proof(store, whole=False)
    third = await proof(store, whole=False)

    assert [one.holds for one in (first, second, third)] == [True, True, True]
    assert [(one.since, one.sealed, one.journals) for one in (first, second, third)] == [(0, 3, 3), (3, 4, 1), (4, 4, 0)]
    assert (await proof(store, whole=True)).journals == 4


async def test_what_waits_for_its_seal_is_proven_too(store: Store, ana: MemberId) -> None:
    """rules: LED-20, LED-21"""
    await post(store, recharge("pi_1", ana, brl("10.00"), NOW))
    await proof(store, whole=True)
    await post(store, recharge("pi_2", ana, brl("1.00"), NOW))

    async with committed(store) as work:
        waiting = await work.books.prove_since_last()
        await work.books.keep_proof(waiting, NOW)
    await post(store, recharge("pi_3", ana, usd("1.00"), NOW))
    later = await proof(store, whole=False)

    assert waiting.holds
    assert (waiting.journals, waiting.sealed) == (1, 1)
    assert later.holds
    assert (later.journals, later.since, later.sealed) == (2, 1, 3)


async def test_results_of_proofs_are_remembered(store: Store, ana: MemberId) -> None:
    """rules: LED-21"""
    async with store() as work:
        assert await work.books.kept_proof() is None
    await post(store, recharge("pi_1", ana, brl("10.00"), NOW))
    whole = await proof(store, whole=True)
    await post(store, recharge("pi_2", ana, brl("1.00"), NOW))
    new = await proof(store, whole=False, at=NOW + timedelta(minutes=1))
    broken = attrs.evolve(new, unbalanced=("recharge:pi_1: BRL sums to 1",))
    async with committed(store) as work:
        await work.books.keep_proof(broken, NOW + timedelta(minutes=2))

    async with store() as work:
        newest, good = await work.books.kept_proof(), await work.books.kept_proof(held=True)
        last_whole = await work.books.kept_proof(whole=True, held=True)
    assert newest == KeptProof(NOW + timedelta(minutes=2), False, 2, new.last_hash, "recharge:pi_1: BRL sums to 1")
    assert good == KeptProof(NOW + timedelta(minutes=1), False, 2, new.last_hash)
    assert last_whole == KeptProof(NOW, True, 1, whole.last_hash)


async def test_an_undone_result_is_none(store: Store) -> None:
    """rules: LED-21"""
    async with store() as work:
        await work.books.keep_proof(await work.books.prove(), NOW)

    async with store() as work:
        assert await work.books.kept_proof() is None
