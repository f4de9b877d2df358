"""What happens to the books when many want the same money at once, and what the database refuses by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.teller import PostgresTeller
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.errors import Invalid, Unavailable
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL
from cbc_domain.ledger.entries import credited, debited, draft
from cbc_domain.ledger.model import AccountKind, InsufficientFunds, Journal, KeyReused, Posting
from cbc_domain.ledger.postings import lot_expiry, manual_credit, recharge
from tests.integration.postgres.counting import counted
from tests.promises.samples import NOW, Samples, brl, committed

CROWD = 50


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def crowd(postgres_url: str, samples: Samples) -> AsyncIterator[PostgresStore]:
    """A store with room for many units at once."""
    engine = open_engine(postgres_url, pool_size=20)
    yield PostgresStore(engine, samples.ids)
    await engine.dispose()


def fee(member: MemberId, key: str, cents: int) -> Journal:
    amount = brl(f"{cents // 100}.{cents % 100:02}")
    legs = [debited(AccountKind.MEMBER_REAL, member, amount), credited(AccountKind.WITHDRAWAL_FEE_REVENUE, None, amount)]
    return draft("LED-F16b", f"fee:{key}", NOW, "system", legs)


async def post(store: PostgresStore, *journals: Journal) -> list[Posting]:
    async with committed(store) as work:
        return list(await work.books.post(journals, NOW))


async def taken(teller: PostgresTeller, journal: Journal) -> list[Posting]:
    return list(await teller.post([journal], NOW))


async def outcomes(attempts: Iterable[Awaitable[list[Posting]]]) -> list[bool]:
    """Which of the attempts posted something new; the others found no money or the key used."""
    found = await asyncio.gather(*attempts, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, InsufficientFunds):
            raise one
    return [isinstance(one, list) and not one[0].replay for one in found]


async def test_of_fifty_debits_for_a_balance_that_covers_ten_ten_are_posted(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-04, LED-07"""
    member = (await samples.joined(crowd)).id
    await post(crowd, recharge("pi", member, brl("10.00"), NOW))

    posted = await outcomes(post(crowd, fee(member, str(number), 100)) for number in range(CROWD))

    async with crowd() as work:
        assert sum(posted) == 10
        assert (await work.books.holdings(member)).real == ()
        assert (await work.books.prove()).holds


async def test_one_key_posted_by_many_at_once_is_posted_once(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-06, LED-20"""
    member = (await samples.joined(crowd)).id
    journal = recharge("pi", member, brl("10.00"), NOW)

    posted = await outcomes(post(crowd, journal) for _ in range(CROWD))

    async with crowd() as work:
        assert sum(posted) == 1
        assert (await work.books.holdings(member)).real == (brl("10.00"),)


async def test_one_key_of_company_accounts_posted_by_many_at_once_is_posted_once(crowd: PostgresStore) -> None:
    """rules: LED-06"""
    legs = [debited(AccountKind.BANK, None, brl("7.00")), credited(AccountKind.PROCESSOR_CLEARING, None, brl("7.00"))]
    journal = draft("LED-F06", "processor_payout:po_1", NOW, "system", legs)

    posted = await outcomes(post(crowd, journal) for _ in range(20))

    async with crowd() as work:
        proof = await work.books.prove()
    assert sum(posted) == 1
    assert (proof.journals, proof.entries, proof.holds) == (1, 2, True)


async def test_a_lot_is_spent_once_by_many_who_want_all_of_it(crowd: PostgresStore, samples: Samples) -> None:
    """rules: BAL-04, LED-07"""
    lot = samples.lot(await samples.joined(crowd), brl("30.00"))
    await post(crowd, manual_credit("r-1", lot, NOW, "admin"))
    lapse = lot_expiry(lot, lot.expires_at)

    posted = await outcomes(post(crowd, attrs.evolve(lapse, key=f"credit_expiry:{number}")) for number in range(20))

    async with crowd() as work:
        assert sum(posted) == 1
        assert (await work.books.prove()).holds


async def test_who_holds_a_member_makes_others_wait_even_before_the_first_posting(
    crowd: PostgresStore, samples: Samples
) -> None:
    """rules: LED-07"""
    member = (await samples.joined(crowd)).id

    async def take_over() -> int:
        async with committed(crowd) as work:
            held = (await work.books.hold([member]))[member]
            seen = held.real_in(BRL).minor
            await work.books.post([recharge(f"pi-{seen}", member, brl("1.00"), NOW)], NOW)
        return seen

    seen = await asyncio.gather(*(take_over() for _ in range(10)))

    assert sorted(seen) == [100 * number for number in range(10)]


async def test_two_units_that_hold_the_same_members_never_wait_in_a_circle(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-07"""
    members = [(await samples.joined(crowd)).id for _ in range(6)]

    async def pass_on(number: int) -> None:
        there, back = members[number % 6], members[(number * 5 + 1) % 6]
        async with committed(crowd) as work:
            await work.books.hold([there, back])
            journals = [recharge(f"pi-{number}-{member}", member, brl("1.00"), NOW) for member in {there, back}]
            await work.books.post(journals, NOW)

    await asyncio.gather(*(pass_on(number) for number in range(40)))

    async with crowd() as work:
        assert (await work.books.prove()).holds


async def test_a_refused_batch_leaves_the_unit_usable_and_nothing_behind(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-04, LED-06"""
    member = (await samples.joined(crowd)).id
    paid = recharge("pi", member, brl("5.00"), NOW)

    async with committed(crowd) as work:
        with pytest.raises(InsufficientFunds):
            await work.books.post([paid, fee(member, "too much", 501)], NOW)
        await work.books.post([paid], NOW)
        with pytest.raises(KeyReused):
            await work.books.post([fee(member, "covered", 100), recharge("pi", member, brl("6.00"), NOW)], NOW)

    async with crowd() as work:
        proof = await work.books.prove()
        assert (await work.books.holdings(member)).real == (brl("5.00"),)
    assert (proof.journals, proof.holds) == (1, True)


async def test_a_batch_costs_the_same_number_of_statements_however_long_it_is(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-07"""
    members = [(await samples.joined(crowd)).id for _ in range(30)]

    async def statements(few: list[MemberId], label: str) -> int:
        with counted(crowd.engine) as count:
            await post(crowd, *(recharge(f"{label}-{member}", member, brl("1.00"), NOW) for member in few))
        return count.value

    assert await statements(members[:2], "few") == await statements(members, "many")


async def test_a_batch_travels_in_one_statement(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-07"""
    members = [(await samples.joined(crowd)).id for _ in range(30)]

    with counted(crowd.engine) as count:
        await post(crowd, *(recharge(f"pi-{member}", member, brl("1.00"), NOW) for member in members))

    assert count.value == 1


async def test_fifty_callers_of_a_teller_share_the_money_and_the_commits(crowd: PostgresStore, samples: Samples) -> None:
    """rules: LED-04, LED-07"""
    member = (await samples.joined(crowd)).id
    await post(crowd, recharge("pi", member, brl("10.00"), NOW))
    teller = PostgresTeller(crowd.engine, samples.ids)

    posted = await outcomes(taken(teller, fee(member, str(number), 100)) for number in range(CROWD))

    async with crowd() as work:
        assert sum(posted) == 10
        assert (await work.books.holdings(member)).real == ()
        assert (await work.books.prove()).holds


async def test_text_that_cannot_be_stored_harms_nobody_beside_it(crowd: PostgresStore, samples: Samples) -> None:
    """rules: GEN-11, LED-07"""
    member = (await samples.joined(crowd)).id
    teller = PostgresTeller(crowd.engine, samples.ids)
    good = [recharge(f"pi-{number}", member, brl("1.00"), NOW) for number in range(6)]

    attempts = (taken(teller, one) for one in (*good[:3], recharge("pi-\0", member, brl("1.00"), NOW), *good[3:]))
    answers = await asyncio.gather(*attempts, return_exceptions=True)

    assert [place for place, answer in enumerate(answers) if isinstance(answer, Invalid)] == [3]
    async with crowd() as work:
        assert (await work.books.holdings(member)).real == (brl("6.00"),)


async def test_tellers_of_several_programs_and_units_of_work_never_wait_in_a_circle(
    crowd: PostgresStore, samples: Samples
) -> None:
    """rules: LED-07"""
    members = [(await samples.joined(crowd)).id for _ in range(6)]
    tellers = [PostgresTeller(crowd.engine, samples.ids, committers=2) for _ in range(3)]

    def moved(number: int) -> Journal:
        pair = (members[number % 6], members[(number * 5 + 1) % 6])
        legs = [credited(AccountKind.MEMBER_REAL, one, brl("1.00")) for one in pair]
        return draft("LED-F23", f"adjust:{number}", NOW, "admin", [*legs, debited(AccountKind.ADJUSTMENTS, None, brl("2.00"))])

    over_the_counter = (taken(tellers[number % 3], moved(number)) for number in range(60))
    in_units = (post(crowd, moved(number), moved(number + 1)) for number in range(100, 140, 2))
    await asyncio.gather(*over_the_counter, *in_units)

    async with crowd() as work:
        proof = await work.books.prove()
    assert (proof.journals, proof.holds) == (100, True)


_CUT_WHO_WAITS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_when_the_database_goes_away_a_teller_says_so_and_works_again_afterwards(
    store: PostgresStore, samples: Samples
) -> None:
    """rules: GEN-14"""
    member = (await samples.joined(store)).id
    teller = PostgresTeller(store.engine, samples.ids)
    await teller.post([recharge("pi-1", member, brl("1.00"), NOW)], NOW)
    locker = await store.engine.connect()
    await locker.execute(text("LOCK TABLE journals IN ACCESS EXCLUSIVE MODE"))
    waiting = asyncio.create_task(teller.post([recharge("pi-2", member, brl("1.00"), NOW)], NOW))
    # The one that waits alone: were the locker cut first, the posting would get its lock and succeed.
    async with asyncio.timeout(10):
        while not (await locker.execute(text(_CUT_WHO_WAITS))).all():
            await asyncio.sleep(0.01)

    with pytest.raises(Unavailable):
        await waiting
    await locker.invalidate()
    await locker.close()
    await teller.post([recharge("pi-2", member, brl("1.00"), NOW)], NOW)

    async with store() as work:
        assert (await work.books.holdings(member)).real == (brl("2.00"),)


@pytest.mark.parametrize("table", ["journals", "entries", "seals"])
@pytest.mark.parametrize("change", ["DELETE FROM {0}", "TRUNCATE {0} CASCADE", "UPDATE {0} SET journal = journal"])
async def test_history_cannot_be_taken_back(store: PostgresStore, samples: Samples, table: str, change: str) -> None:
    """rules: LED-05"""
    await post(store, recharge("pi", (await samples.joined(store)).id, brl("5.00"), NOW))
    async with committed(store) as work:
        await work.books.seal(10)

    await _refused(store, change.format(table).replace("journals SET journal = journal", "journals SET actor = 'me'"))


@pytest.mark.parametrize("table", ["lot_moves", "debt_payments", "conversions"])
async def test_no_part_of_history_can_be_emptied(store: PostgresStore, table: str) -> None:
    """rules: LED-05"""
    await _refused(store, f"TRUNCATE {table}")


async def test_entries_that_do_not_balance_are_refused_by_the_database(store: PostgresStore, samples: Samples) -> None:
    """rules: LED-02"""
    await post(store, recharge("pi", (await samples.joined(store)).id, brl("5.00"), NOW))
    third = "INSERT INTO entries (journal, line, account, side, amount) SELECT journal, 3, account, 'C', 1 FROM entries LIMIT 1"

    await _refused(store, third)


async def test_a_balance_below_zero_is_refused_by_the_database(store: PostgresStore, samples: Samples) -> None:
    """rules: LED-04"""
    await post(store, recharge("pi", (await samples.joined(store)).id, brl("5.00"), NOW))

    await _refused(store, "UPDATE ledger_accounts SET balance = -1 WHERE kind = 'member_real'")


async def _refused(store: PostgresStore, change: str) -> None:
    with pytest.raises(IntegrityError):
        async with store.engine.begin() as connection:
            await connection.execute(text(change))
