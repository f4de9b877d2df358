"""What stores promise of a member's statement."""

import pytest

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.findings import StatementLine
from cbc_domain.ledger.model import AccountKind
from cbc_domain.ledger.postings import (
    correction,
    recharge,
    recharge_bonus,
)
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.persistence.bookkeeping import fee_of, holdings, post
from tests.promises.samples import MINUTE, NOW, Samples, brl

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_statement_has_the_running_balance_of_each_account_newest_first(store: Store, samples: Samples) -> None:
    """rules: BAL-13"""
    member = await samples.joined(store)
    lot = samples.lot(member, brl("1.00"))
    bonus = recharge_bonus("pi_1", lot, NOW)
    first, second = recharge("pi_1", member.id, brl("10.00"), NOW), correction("r-1", member.id, brl("-3.00"), NOW, "a")
    postings = await post(store, first, bonus) + await post(store, second, at=NOW + MINUTE)

    async with store() as work:
        page = await work.books.statement(member.id, None, 10, None, None, None)

    real, admin = AccountKind.MEMBER_REAL, AccountKind.MEMBER_ADMIN
    assert list(page.items) == [
        StatementLine(
            postings[2].id,
            NOW + MINUTE,
            "LED-F23",
            "adjust",
            real,
            brl("-3.00"),
            brl("7.00"),
            second.references,
        ),
        StatementLine(postings[1].id, NOW, "LED-F02", "recharge_bonus", admin, brl("1.00"), brl("1.00"), bonus.references),
        StatementLine(postings[0].id, NOW, "LED-F01", "recharge", real, brl("10.00"), brl("10.00"), first.references),
    ]
    assert page.next_cursor is None


async def test_the_statement_is_paged_without_gaps_or_repeats(store: Store, ana: MemberId, bea: MemberId) -> None:
    """rules: BAL-13, API-03"""
    await post(store, *(recharge(f"pi_{number}", ana, brl("1.00"), NOW) for number in range(7)))
    await post(store, recharge("pi_bea", bea, brl("1.00"), NOW))

    balances: list[Money] = []
    cursor: str | None = None
    async with store() as work:
        for _ in range(3):
            page = await work.books.statement(ana, cursor, 3, None, None, None)
            balances += [line.balance for line in page.items]
            cursor = page.next_cursor

    assert [balance.text for balance in balances] == ["7.00", "6.00", "5.00", "4.00", "3.00", "2.00", "1.00"]
    assert cursor is None


async def test_the_statement_is_filtered_by_time_and_kind_with_true_balances(store: Store, ana: MemberId) -> None:
    """rules: BAL-13, API-03"""
    for number in range(4):
        await post(store, recharge(f"pi_{number}", ana, brl("1.00"), NOW), at=NOW + number * MINUTE)
    await post(store, correction("r-1", ana, brl("-1.00"), NOW, "admin"), at=NOW + 2 * MINUTE)

    async with store() as work:
        timed = await work.books.statement(ana, None, 10, NOW + MINUTE, NOW + 3 * MINUTE, None)
        of_kind = await work.books.statement(ana, None, 10, None, None, "adjust")
        both = await work.books.statement(ana, None, 2, NOW + MINUTE, None, "recharge")
        rest = await work.books.statement(ana, both.next_cursor, 2, NOW + MINUTE, None, "recharge")

    assert [line.balance.text for line in timed.items] == ["3.00", "3.00", "2.00"]
    assert [line.effect.text for line in of_kind.items] == ["-1.00"]
    assert [line.effect.text for line in (*both.items, *rest.items)] == ["1.00"] * 3


async def test_the_statement_shows_debt_as_the_member_owes_it(store: Store, samples: Samples, ana: MemberId) -> None:
    """rules: BAL-13, LED-03"""
    await post(store, fee_of(samples, await holdings(store, ana), brl("3.00")))

    async with store() as work:
        [line] = (await work.books.statement(ana, None, 10, None, None, None)).items

    assert (line.account, line.effect, line.balance) == (AccountKind.MEMBER_DEBT, brl("3.00"), brl("3.00"))


@pytest.mark.parametrize("cursor", ["", "x", "-1", "🙂", "9" * 100])
async def test_a_statement_cursor_that_is_none_is_refused(store: Store, ana: MemberId, cursor: str) -> None:
    """rules: API-03, GEN-09"""
    async with store() as work:
        with pytest.raises(Invalid) as refused:
            await work.books.statement(ana, cursor, 10, None, None, None)

    assert refused.value.code == "validation_error"
