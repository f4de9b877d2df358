"""What planning costs grows with the pages of members, and with nothing else."""

from collections.abc import AsyncIterator

import pytest

from cbc_domain.application.trading import plan_orders
from cbc_domain.kernel.ids import SignalId
from tests.bench.planning import Business, business_of
from tests.integration.postgres.counting import counted

PAGE = 40


@pytest.fixture
async def business() -> AsyncIterator[Business]:
    async with business_of(1, fsync=False) as opened:
        yield opened


async def _statements(members: int) -> int:
    async with business_of(members, fsync=False) as business:
        signal = await business.signal()
        with counted(business.engine) as count:
            await business.platform.plan_orders()(signal)
        async with business.platform.store()() as work:
            (tally,) = await work.signals.tallies([SignalId(signal)])
    assert (tally.ordered, dict(tally.refused)) == (members, {})
    return count.value


async def test_a_page_more_costs_the_same_number_of_statements_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: ELG-05"""
    monkeypatch.setattr(plan_orders, "PAGE", PAGE)

    one, two, four = [await _statements(PAGE * pages) for pages in (1, 2, 4)]

    assert two - one <= 33
    assert four - two == 2 * (two - one)


async def test_a_full_page_of_a_thousand_costs_what_a_page_of_one_costs() -> None:
    """rules: ELG-05"""
    assert plan_orders.PAGE == 1000
    assert await _statements(1) == await _statements(1000)


async def test_what_was_planned_already_is_not_planned_again(business: Business) -> None:
    """rules: ELG-01"""
    signal = await business.signal()
    await business.platform.plan_orders()(signal)

    with counted(business.engine) as count:
        await business.platform.plan_orders()(signal)

    assert count.value <= 5
