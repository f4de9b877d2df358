"""What holds of the books after any sequence of flows, on every store."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL, LEDGER_CURRENCIES, total
from cbc_domain.ledger.chart import CHART, member_account
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import AccountKind
from cbc_domain.ledger.proof import balances
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeper import Bookkeeper, shown
from tests.promises.samples import DAY, NOW, Samples, brl, committed, usd
from tests.strategies.flows import Charge, Convert, Forgive, Grant, Recharge, Repeat, Reverse, Step, Wait, flows

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A charge that crosses currencies, leaves debt, is paid, repeated and taken back.
FULL_CIRCLE = (
    Recharge(0, usd("2.00")),
    Charge(brl("52.50"), brl("0.79"), real_first=False),
    Recharge(0, brl("20.00")),
    Repeat(1),
    Reverse(0),
    Charge(usd("1.00"), usd("1.00"), real_first=True),
)

# Credit that is spent in part, lapses, is given back, and lapses again.
LAPSES_TWICE = (
    Grant(0, usd("10.00"), DAY),
    Charge(usd("6.00"), usd("0.00"), real_first=False),
    Wait(2 * DAY),
    Reverse(0),
    Wait(8 * DAY),
)

# A debt is paid in part, forgiven in part, and its charge taken back while the share is spent.
FORGIVEN_AND_BACK = (
    Charge(brl("52.50"), brl("5.00"), real_first=False),
    Recharge(0, brl("10.00")),
    Forgive(50),
    Convert(500, BRL),
    Charge(usd("3.00"), usd("0.00"), real_first=False),
    Reverse(0),
    Forgive(100),
)


@settings(max_examples=300)
@given(steps=flows)
@example(steps=FULL_CIRCLE)
@example(steps=LAPSES_TWICE)
@example(steps=FORGIVEN_AND_BACK)
async def test_any_flows_keep_the_books_in_memory_right(steps: Sequence[Step]) -> None:
    """rules: LED-02, LED-03, LED-04, LED-06, LED-20, BAL-04, COM-14, DBT-01, DBT-03, DBT-06, AFF-30, LED-F08, LED-F11"""
    samples = Samples()
    await keep(MemoryStore(samples.ids), samples, steps)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=flows)
@example(steps=FULL_CIRCLE)
@example(steps=LAPSES_TWICE)
@example(steps=FORGIVEN_AND_BACK)
async def test_any_flows_keep_the_books_in_postgres_right(
    postgres: PostgresStore, samples: Samples, steps: Sequence[Step]
) -> None:
    """rules: LED-02, LED-03, LED-04, LED-06, LED-20, BAL-04, COM-14, DBT-01, DBT-03, DBT-06, AFF-30, LED-F08, LED-F11"""
    await keep(postgres, samples, steps)


async def keep(store: Store, samples: Samples, steps: Sequence[Step]) -> None:
    member, affiliate = await samples.joined(store), await samples.joined(store)
    keeper = Bookkeeper(store, samples, member.id, affiliate.id)

    for step in steps:
        await keeper.do(step)

    async with committed(store) as work:
        await work.books.seal(1_000_000)
    held = await holdings(store, keeper)
    await check_proof(store)
    check_entries(keeper, held)
    await check_statement(store, keeper)
    await check_repetition(store, keeper, held)


async def holdings(store: Store, keeper: Bookkeeper) -> dict[MemberId, Holdings]:
    async with store() as work:
        return {member: await work.books.holdings(member) for member in keeper.members}


async def check_proof(store: Store) -> None:
    """Every journal sums to zero, balances are their entries, none is negative, parts add up, the chain holds."""
    async with store() as work:
        proof = await work.books.prove()
    assert proof.holds, proof
    assert proof.sealed == proof.journals


def check_entries(keeper: Bookkeeper, held: dict[MemberId, Holdings]) -> None:
    """What the members hold is what the entries of the journals sum to."""
    sums = balances(posting.journal for posting in keeper.posted)
    for member, has in held.items():
        for currency in LEDGER_CURRENCIES:
            entered = {kind: sums.get(member_account(kind, member, currency), 0) for kind in AccountKind if CHART[kind].floor}
            assert min(entered.values()) >= 0
            assert entered[AccountKind.MEMBER_REAL] == has.real_in(currency).minor
            assert entered[AccountKind.MEMBER_COMMISSION] == has.commission_in(currency).minor
            assert entered[AccountKind.AFFILIATE_CLAWBACK] == has.clawback_in(currency).minor
            assert entered[AccountKind.MEMBER_DEBT] == has.owes(currency).minor
            lots = total((lot.remaining for lot in has.lots if lot.remaining.currency == currency), currency)
            assert entered[AccountKind.MEMBER_ADMIN] == lots.minor


async def check_statement(store: Store, keeper: Bookkeeper) -> None:
    """The statement has each entry once, and its newest balance of each account is the sum of the entries."""
    sums = balances(posting.journal for posting in keeper.posted)
    async with store() as work:
        for member in keeper.members:
            page = await work.books.statement(member, None, 10_000, None, None, None)
            entries = sum(entry.account.owner == str(member) for posting in keeper.posted for entry in posting.journal.entries)
            assert len(page.items) == entries
            for line in {(line.account, line.balance.currency): line for line in reversed(page.items)}.values():
                assert line.balance.minor == sums[member_account(line.account, member, line.balance.currency)]


async def check_repetition(store: Store, keeper: Bookkeeper, held: dict[MemberId, Holdings]) -> None:
    """Posting all of it, or any prefix of it, once more changes nothing and answers the first postings."""
    journals = [posting.journal for posting in keeper.posted]
    for prefix in range(len(journals) + 1):
        async with committed(store) as work:
            again = await work.books.post(journals[:prefix], NOW + DAY)
        assert all(posting.replay for posting in again)
        assert [posting.id for posting in again] == [posting.id for posting in keeper.posted[:prefix]]
    after = await holdings(store, keeper)
    assert {member: shown(has) for member, has in after.items()} == {member: shown(has) for member, has in held.items()}
