"""What tellers promise: postings that commit by themselves, of many callers at once."""

import asyncio
from collections.abc import Sequence

import attrs
import pytest

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.persistence.memory.teller import MemoryTeller
from cbc_adapters.persistence.postgres.teller import PostgresTeller
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId
from cbc_domain.kernel.money import BRL
from cbc_domain.ledger.entries import credited, debited, draft
from cbc_domain.ledger.model import AccountKind, InsufficientFunds, Journal, KeyReused, Posting
from cbc_domain.ledger.postings import correction, manual_credit, recharge
from cbc_domain.ports.persistence.books import Teller
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeping import fee_of, holdings
from tests.promises.samples import DAY, NOW, Samples, brl, usd

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def teller(store: Store, samples: Samples) -> Teller:
    if isinstance(store, MemoryStore):
        return MemoryTeller(store)
    assert isinstance(store, PostgresStore)
    return PostgresTeller(store.engine, samples.ids)


def told(samples: Samples, member: MemberId) -> Event:
    return Event(EventId(samples.ids.new()), EventName.BALANCE_CREDITED, member, NOW, {"key": "sample"})


async def about(store: Store, member: MemberId) -> list[Event]:
    async with store() as work:
        return list(await work.outbox.about(member))


async def attempt(teller: Teller, *journals: Journal) -> Sequence[Posting] | Exception:
    try:
        return await teller.post(journals, NOW)
    except (InsufficientFunds, KeyReused) as refused:
        return refused


async def test_what_a_teller_takes_is_in_the_books_with_its_events(
    store: Store, teller: Teller, samples: Samples, ana: MemberId
) -> None:
    """rules: LED-06, ARC-06"""
    event = told(samples, ana)
    journal = recharge("pi_1", ana, brl("5.00"), NOW)

    [posting] = await teller.post([journal], NOW, [event])

    assert posting == Posting(posting.id, journal, NOW)
    assert await about(store, ana) == [event]
    async with store() as work:
        assert await work.books.posting(journal.key) == posting
        assert (await work.books.prove()).holds


async def test_a_charge_with_every_part_goes_over_the_counter(
    store: Store, teller: Teller, samples: Samples, bea: MemberId
) -> None:
    """rules: BAL-04, DBT-01, FX-05"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("10.00"))
    await teller.post([manual_credit("r-1", lot, NOW, "admin"), recharge("pi_1", member.id, usd("2.00"), NOW)], NOW)
    charge = fee_of(samples, await holdings(store, member.id), brl("52.50"), (bea, brl("0.79")))

    [posting] = await teller.post([charge], NOW)

    async with store() as work:
        assert await work.books.posting(charge.key) == posting
        assert (await work.books.prove()).holds


async def test_nothing_is_told_again_of_what_stood_already(
    store: Store, teller: Teller, samples: Samples, ana: MemberId
) -> None:
    """rules: LED-06, ARC-07"""
    journal, event = recharge("pi_1", ana, brl("5.00"), NOW), told(samples, ana)
    [first] = await teller.post([journal], NOW, [event])

    [again] = await teller.post([journal], NOW + DAY, [told(samples, ana)])

    assert again == attrs.evolve(first, replay=True)
    assert await about(store, ana) == [event]


async def test_what_is_refused_leaves_nothing_behind_and_tells_nothing(
    store: Store, teller: Teller, samples: Samples, ana: MemberId
) -> None:
    """rules: LED-04, LED-07"""
    good, bad = recharge("pi_1", ana, usd("1.00"), NOW), correction("r-1", ana, brl("-0.01"), NOW, "admin")

    with pytest.raises(InsufficientFunds):
        await teller.post([good, bad], NOW, [told(samples, ana)])

    assert (await holdings(store, ana)).real == ()
    assert await about(store, ana) == []


async def test_one_refusal_among_many_callers_harms_nobody_else(
    store: Store, teller: Teller, ana: MemberId, bea: MemberId
) -> None:
    """rules: LED-04, LED-06"""
    await teller.post([recharge("pi_0", ana, brl("1.00"), NOW)], NOW)
    good = [recharge(f"pi_{number}", bea, brl("1.00"), NOW) for number in range(1, 20)]
    reused, uncovered = recharge("pi_0", ana, brl("2.00"), NOW), correction("r-1", ana, brl("-9.00"), NOW, "admin")

    answers = await asyncio.gather(*(attempt(teller, one) for one in (*good[:9], reused, uncovered, *good[9:])))

    refused = {place: type(answer) for place, answer in enumerate(answers) if isinstance(answer, Exception)}
    assert refused == {9: KeyReused, 10: InsufficientFunds}
    assert (await holdings(store, bea)).real == (brl("19.00"),)
    assert (await holdings(store, ana)).real == (brl("1.00"),)


async def test_of_many_who_want_the_same_money_as_many_get_it_as_it_covers(store: Store, teller: Teller, ana: MemberId) -> None:
    """rules: LED-04, LED-07"""
    await teller.post([recharge("pi_1", ana, brl("10.00"), NOW)], NOW)
    wishes = [correction(f"r-{number}", ana, brl("-1.00"), NOW, "admin") for number in range(50)]

    answers = await asyncio.gather(*(attempt(teller, wish) for wish in wishes))

    assert sum(not isinstance(answer, Exception) for answer in answers) == 10
    assert (await holdings(store, ana)).real == ()


async def test_a_key_that_many_bring_at_once_is_posted_once(store: Store, teller: Teller, ana: MemberId) -> None:
    """rules: LED-06"""
    journal = recharge("pi_1", ana, brl("1.00"), NOW)

    answers = [one for [one] in await asyncio.gather(*(teller.post([journal], NOW) for _ in range(20)))]

    assert sorted(one.replay for one in answers) == [False] + [True] * 19
    assert len({one.id for one in answers}) == 1
    assert (await holdings(store, ana)).real_in(BRL) == brl("1.00")


async def test_an_account_may_be_taken_from_before_it_is_given_to_within_one_journal(
    store: Store, teller: Teller, ana: MemberId
) -> None:
    """rules: LED-04"""
    legs = [
        debited(AccountKind.MEMBER_REAL, ana, brl("3.00")),
        credited(AccountKind.MEMBER_REAL, ana, brl("5.00")),
        debited(AccountKind.BANK, None, brl("2.00")),
    ]

    await teller.post([draft("LED-F23", "adjust:through", NOW, "admin", legs)], NOW)

    assert (await holdings(store, ana)).real == (brl("2.00"),)
