"""What stores promise of postings and of what members hold."""

import asyncio

import attrs
import pytest

from cbc_domain.kernel.ids import JournalId, MemberId
from cbc_domain.kernel.money import BRL, USD
from cbc_domain.ledger.entries import credited, debited, draft
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind, Conversion, InsufficientFunds, KeyReused, Posting
from cbc_domain.ledger.postings import (
    correction,
    manual_credit,
    recharge,
)
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeping import fee_of, holdings, post
from tests.promises.samples import DAY, NOW, SECOND, Samples, brl, committed, usd

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_member_without_accounts_holds_nothing(store: Store, ana: MemberId, bea: MemberId) -> None:
    """rules: LED-11"""
    async with store() as work:
        held = await work.books.hold([ana, bea, ana])

        assert await work.books.hold([]) == {}
    assert held == {ana: Holdings(ana, (), (), ()), bea: Holdings(bea, (), (), ())}
    assert await holdings(store, ana) == held[ana]


async def test_a_posting_comes_back_as_it_was_posted(store: Store, ana: MemberId) -> None:
    """rules: LED-01, LED-06"""
    journal = recharge("pi_1", ana, brl("100.00"), NOW - SECOND)

    [posting] = await post(store, journal)

    assert posting == Posting(posting.id, journal, NOW)
    async with store() as work:
        assert await work.books.posting("recharge:pi_1") == posting
        assert await work.books.posting_of(posting.id) == posting
        assert await work.books.posting("recharge:pi_2") is None
        assert await work.books.posting_of(JournalId(ana)) is None
    assert (await holdings(store, ana)).real_in(BRL) == brl("100.00")


async def test_a_posting_with_every_part_comes_back_whole(store: Store, samples: Samples, ana: MemberId, bea: MemberId) -> None:
    """rules: LED-01, FX-05, COM-11"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("10.00"))
    await post(store, manual_credit("r-1", lot, NOW, "admin"), recharge("pi_1", member.id, usd("2.00"), NOW))
    charge = fee_of(samples, await holdings(store, member.id), brl("52.50"), (bea, brl("0.79")))
    assert charge.lot_uses and charge.debts_opened and charge.conversion

    [posting] = await post(store, charge)

    async with store() as work:
        assert await work.books.posting(charge.key) == posting
    assert posting.journal == charge
    assert charge.conversion == Conversion(usd("2.00"), brl("10.00"), samples.rate("5.000000"))


async def test_a_repeated_posting_answers_the_first_and_changes_nothing(store: Store, samples: Samples, ana: MemberId) -> None:
    """rules: LED-06, LED-20"""
    [first] = await post(store, recharge("pi_1", ana, brl("100.00"), NOW))

    [again] = await post(store, recharge("pi_1", ana, brl("100.00"), NOW + DAY), at=NOW + DAY)

    assert again == attrs.evolve(first, replay=True)
    assert (await holdings(store, ana)).real_in(BRL) == brl("100.00")
    async with store() as work:
        assert (await work.books.prove()).journals == 1


async def test_a_repeat_within_one_call_answers_the_first(store: Store, ana: MemberId) -> None:
    """rules: LED-06"""
    journal = recharge("pi_1", ana, brl("100.00"), NOW)

    first, again = await post(store, journal, journal)

    assert (first.replay, again) == (False, attrs.evolve(first, replay=True))
    assert (await holdings(store, ana)).real_in(BRL) == brl("100.00")


async def test_a_repeat_beside_something_new_answers_in_the_same_order(store: Store, ana: MemberId) -> None:
    """rules: LED-06"""
    journals = [recharge(f"pi_{number}", ana, brl("1.00"), NOW) for number in range(4)]
    await post(store, journals[1], journals[2])

    postings = await post(store, *journals)

    assert [(one.journal.key, one.replay) for one in postings] == [
        ("recharge:pi_0", False),
        ("recharge:pi_1", True),
        ("recharge:pi_2", True),
        ("recharge:pi_3", False),
    ]
    assert (await holdings(store, ana)).real_in(BRL) == brl("4.00")


async def test_a_known_key_with_other_entries_is_refused_and_nothing_is_written(store: Store, ana: MemberId) -> None:
    """rules: LED-06"""
    await post(store, recharge("pi_1", ana, brl("100.00"), NOW))

    with pytest.raises(KeyReused) as refused:
        await post(store, recharge("pi_2", ana, brl("1.00"), NOW), recharge("pi_1", ana, brl("100.01"), NOW))

    assert refused.value.code == "idempotency_key_reused"
    assert (await holdings(store, ana)).real_in(BRL) == brl("100.00")


async def test_a_key_used_twice_within_one_call_for_different_things_is_refused(store: Store, ana: MemberId) -> None:
    """rules: LED-06"""
    with pytest.raises(KeyReused):
        await post(store, recharge("pi_1", ana, brl("1.00"), NOW), recharge("pi_1", ana, brl("2.00"), NOW))

    assert (await holdings(store, ana)).real == ()


async def test_no_account_of_a_member_goes_below_zero(store: Store, ana: MemberId) -> None:
    """rules: LED-04"""
    await post(store, recharge("pi_1", ana, brl("100.00"), NOW))

    with pytest.raises(InsufficientFunds) as refused:
        await post(store, correction("r-1", ana, brl("-100.01"), NOW, "admin"))

    await post(store, correction("r-1", ana, brl("-100.00"), NOW, "admin"))
    assert refused.value.code == "insufficient_funds"
    assert (await holdings(store, ana)).real_in(BRL) == brl("0.00")


async def test_a_refused_posting_takes_the_whole_call_with_it_and_leaves_the_unit_usable(store: Store, ana: MemberId) -> None:
    """rules: LED-04"""
    good, bad = recharge("pi_1", ana, usd("1.00"), NOW), correction("r-1", ana, brl("-0.01"), NOW, "admin")

    async with committed(store) as work:
        with pytest.raises(InsufficientFunds):
            await work.books.post([good, bad], NOW)
        await work.books.post([recharge("pi_2", ana, usd("2.00"), NOW)], NOW)

    assert (await holdings(store, ana)).real == (usd("2.00"),)
    async with store() as work:
        assert await work.books.posting(good.key) is None
        assert (await work.books.prove()).holds


async def test_what_one_journal_of_a_call_brings_the_next_may_take(store: Store, ana: MemberId) -> None:
    """rules: LED-04, DBT-03"""
    await post(
        store,
        recharge("pi_1", ana, brl("5.00"), NOW),
        correction("r-1", ana, brl("-5.00"), NOW, "admin"),
    )

    assert (await holdings(store, ana)).real == ()


async def test_an_account_below_zero_within_a_call_is_refused_though_it_would_recover(store: Store, ana: MemberId) -> None:
    """rules: LED-04"""
    with pytest.raises(InsufficientFunds):
        await post(
            store,
            correction("r-1", ana, brl("-5.00"), NOW, "admin"),
            recharge("pi_1", ana, brl("5.00"), NOW),
        )


async def test_postings_of_an_undone_unit_are_not_in_the_books(store: Store, ana: MemberId) -> None:
    """rules: LED-07"""
    async with store() as work:
        await work.books.post([recharge("pi_1", ana, brl("5.00"), NOW)], NOW)

        assert (await work.books.holdings(ana)).real_in(BRL) == brl("5.00")

    assert (await holdings(store, ana)).real == ()
    [posting] = await post(store, recharge("pi_1", ana, brl("5.00"), NOW))
    assert not posting.replay


async def test_spenders_at_once_cannot_spend_what_is_not_there(store: Store, ana: MemberId) -> None:
    """rules: LED-04, LED-07"""
    await post(store, recharge("pi_1", ana, brl("5.00"), NOW))

    async def take(number: int) -> bool:
        try:
            await post(store, correction(f"r-{number}", ana, brl("-1.00"), NOW, "admin"))
        except InsufficientFunds:
            return False
        return True

    answers = await asyncio.gather(*(take(number) for number in range(8)))

    assert sorted(answers) == [False] * 3 + [True] * 5
    assert (await holdings(store, ana)).real == ()


async def test_what_is_held_does_not_change_until_the_unit_ends(
    store: Store, samples: Samples, ana: MemberId, bea: MemberId
) -> None:
    """rules: LED-07"""
    await post(store, recharge("pi_1", ana, brl("9.00"), NOW))

    async def charge() -> None:
        async with committed(store) as work:
            held = await work.books.hold([bea, ana])
            fee = fee_of(samples, held[ana], brl("3.00"), (bea, brl("0.10")))
            await work.books.post([fee], NOW)

    await asyncio.gather(*(charge() for _ in range(5)))

    held = await holdings(store, ana)
    assert (held.real, held.owes(BRL)) == ((), brl("6.00"))
    assert (await holdings(store, bea)).commission_in(BRL) == brl("0.50")


async def test_the_same_posting_from_many_sides_at_once_is_posted_once(store: Store, ana: MemberId) -> None:
    """rules: LED-06"""
    journal = recharge("pi_1", ana, brl("100.00"), NOW)

    postings = await asyncio.gather(*(post(store, journal) for _ in range(6)))

    assert sorted(posting.replay for [posting] in postings) == [False] + [True] * 5
    assert len({posting.id for [posting] in postings}) == 1
    assert (await holdings(store, ana)).real_in(BRL) == brl("100.00")


async def test_money_on_hold_is_shown_apart(store: Store, samples: Samples, ana: MemberId) -> None:
    """rules: LED-F14, BAL-01"""
    await post(store, recharge("pi_1", ana, brl("10.00"), NOW))
    legs = [
        debited(AccountKind.MEMBER_REAL, ana, brl("4.00")),
        credited(AccountKind.WITHDRAWAL_HOLD, ana, brl("3.00")),
        credited(AccountKind.DISPUTE_HOLD, ana, brl("1.00")),
    ]

    await post(store, draft("LED-F14", "withdrawal_hold:w-1", NOW, "system", legs))

    held = await holdings(store, ana)
    assert (held.real_in(BRL), held.on_hold_in(BRL), held.on_hold_in(USD)) == (brl("6.00"), brl("4.00"), usd("0.00"))
