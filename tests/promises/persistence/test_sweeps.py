"""What stores promise of which accounts are to be compared with their venue, and in what order."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.persistence.sweeps import Due
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import DAY, MINUTE, NOW, SECOND, Samples, closed, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")

ARRIVES = 20 * SECOND
LATER = NOW + 10 * MINUTE


async def due(
    store: Store, *, ended_since: datetime = NOW, rested_since: datetime = LATER, after: Due | None = None, limit: int = 1000
) -> Sequence[Due]:
    async with store() as work:
        return await work.sweeps.due(ended_since, ARRIVES, rested_since, after, limit)


async def noted(store: Store, accounts: Sequence[AccountId], at: datetime) -> None:
    async with committed(store) as work:
        await work.sweeps.note(accounts, at)


def only(found: Sequence[Due], *accounts: AccountId) -> list[Due]:
    return [one for one in found if one.account in accounts]


async def test_whoever_was_compared_longest_ago_comes_first_and_whoever_never_was_before_all(
    store: Store, samples: Samples
) -> None:
    """rules: POS-10"""
    first, second, third = [(await samples.opened(store, await samples.place(store))).position.account for _ in range(3)]
    await noted(store, [first], NOW + MINUTE)
    await noted(store, [second], NOW)
    every = [Due(third, None), Due(second, NOW), Due(first, NOW + MINUTE)]

    assert only(await due(store), first, second, third) == every
    assert only(await due(store, after=every[0]), first, second, third) == every[1:]
    assert only(await due(store, after=every[1]), first, second, third) == every[2:]
    assert only(await due(store, rested_since=NOW + MINUTE), first, second, third) == every[:2]
    assert len(await due(store, limit=1)) == 1


async def test_an_account_is_due_until_it_was_compared_once_nothing_could_come_any_more(store: Store, samples: Samples) -> None:
    """rules: POS-10, ORD-11

    In seed 48 of the campaign at the venues what a dead worker had sent came to stand, and nobody compared its account in time.
    """
    part = await samples.opened(store, await samples.place(store))
    account = part.position.account
    async with committed(store) as work:
        await work.trades.save([Trade(closed(part.position, NOW), part.orders)], [])

    for swept_at in (None, NOW - DAY, NOW + ARRIVES - SECOND):
        await noted(store, [account] if swept_at else [], swept_at or NOW)
        assert only(await due(store), account) == [Due(account, swept_at)]
    assert only(await due(store, ended_since=NOW + SECOND), account) == []
    await noted(store, [account], NOW + ARRIVES)
    assert only(await due(store), account) == []


async def test_an_account_that_was_compared_later_stays_so(store: Store, samples: Samples) -> None:
    """rules: POS-10"""
    account = (await samples.opened(store, await samples.place(store))).position.account

    await noted(store, [account], NOW + MINUTE)
    await noted(store, [account], NOW)

    assert only(await due(store), account) == [Due(account, NOW + MINUTE)]
