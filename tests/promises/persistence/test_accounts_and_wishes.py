"""What stores promise of a member's wishes, exchange accounts, subscriptions and pause."""

import attrs
import pytest

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.persistence.people import Wishes
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.model import KeyStatus
from tests.promises.samples import DAY, MINUTE, NOW, SECOND, Place, Samples, closed, committed, held

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_wishes_start_at_version_zero_and_keep_what_was_asked(store: Store, samples: Samples) -> None:
    """rules: CFG-01, CFG-04"""
    member = await samples.joined(store)
    asked = Wishes(1, {"default_leverage": 4, "position_size_percentage": "25", "allowed_symbols": ["BTCUSDT"]})

    async with committed(store) as work:
        before = await work.people.wishes(member.id)
        await work.people.save_wishes(member.id, before, asked, str(member.id), NOW)

    async with store() as work:
        after = await work.people.wishes(member.id)
    assert before == Wishes(0, {})
    assert (after.version, dict(after.values)) == (1, dict(asked.values))


@pytest.mark.parametrize("stale", [0, 1])
async def test_stale_wishes_are_refused(store: Store, samples: Samples, stale: int) -> None:
    """rules: CFG-04"""
    member = await samples.joined(store)
    versions = [Wishes(0, {}), Wishes(1, {"theme": "light"}), Wishes(2, {"theme": "dark"})]
    async with committed(store) as work:
        await work.people.save_wishes(member.id, versions[0], versions[1], "member", NOW)
        await work.people.save_wishes(member.id, versions[1], versions[2], "member", NOW)

    with pytest.raises(Conflict) as refused:
        async with committed(store) as work:
            await work.people.save_wishes(member.id, versions[stale], Wishes(stale + 1, {}), "member", NOW)

    async with store() as work:
        assert (await work.people.wishes(member.id)).version == 2
    assert refused.value.code == "state_conflict"


async def test_one_active_key_for_each_exchange_and_environment(store: Store, samples: Samples) -> None:
    """rules: KEY-01"""
    member = await samples.joined(store)
    first = samples.account(member)
    others = [samples.account(member, Environment.TESTNET), samples.account(member, venue=Venue.OKX)]
    async with committed(store) as work:
        await work.people.add_account(first)

    with pytest.raises(Conflict) as refused:
        async with committed(store) as work:
            await work.people.add_account(samples.account(member))
    async with committed(store) as work:
        for account in others:
            await work.people.add_account(account)

    async with store() as work:
        assert await work.people.accounts(member.id) == [first, *others]
    assert refused.value.code == "already_exists"


async def test_a_removed_key_makes_room_for_another(store: Store, samples: Samples) -> None:
    """rules: KEY-01"""
    member = await samples.joined(store)
    first, second = samples.account(member), samples.account(member)
    removed = attrs.evolve(first, status=KeyStatus.REMOVED)
    async with committed(store) as work:
        await work.people.add_account(first)

    async with committed(store) as work:
        await work.people.save_account(removed)
        await work.people.add_account(second)

    async with store() as work:
        assert await work.people.accounts(member.id) == [removed, second]


async def test_markets_are_where_accounts_are_that_were_not_removed(store: Store, samples: Samples) -> None:
    """rules: ORD-07"""
    member = await samples.joined(store)
    async with store() as work:
        before = await work.people.markets()
    kept = [samples.account(member, Environment.TESTNET), samples.account(await samples.joined(store), Environment.TESTNET)]
    removed = attrs.evolve(samples.account(member, venue=Venue.OKX), status=KeyStatus.REMOVED)
    async with committed(store) as work:
        for account in (*kept, removed):
            await work.people.add_account(account)

    async with store() as work:
        assert await work.people.markets() == before | {(kept[0].venue, Environment.TESTNET)}


async def test_accounts_are_read_together_and_unknown_ones_left_out(store: Store, samples: Samples) -> None:
    place = await samples.place(store)
    neighbour = await samples.neighbour(store, place)
    unknown = AccountId(samples.ids.new())

    async with store() as work:
        found = await work.people.connected({place.account.id, neighbour.account.id, unknown})
        none = await work.people.connected(set())

    assert found == {place.account.id: place.account, neighbour.account.id: neighbour.account}
    assert none == {}


async def test_live_since_is_the_first_live_opening(store: Store, samples: Samples) -> None:
    """rules: CFG-15"""
    live = await samples.place(store)
    account = samples.account(live.member, Environment.TESTNET)
    async with committed(store) as work:
        await work.people.add_account(account)
        never = await work.people.live_since(live.member.id)
    rehearsal = await samples.opened(store, attrs.evolve(live, account=account), created_at=NOW - DAY)
    first = await samples.opened(store, live)
    async with committed(store) as work:
        ended = Trade(closed(first.position, NOW + MINUTE), first.orders)
        await work.trades.save([Trade(held(rehearsal.position, NOW - DAY), rehearsal.orders), ended], [])
    second = await samples.opened(store, live, created_at=NOW + DAY)
    async with committed(store) as work:
        await work.trades.save([Trade(held(second.position, NOW + DAY), second.orders)], [])

    async with store() as work:
        assert await work.people.live_since(live.member.id) == NOW + SECOND
    assert never is None


async def test_subscribing_twice_is_subscribing_once(store: Store, samples: Samples, place: Place) -> None:
    """rules: SIG-04"""
    for _ in range(2):
        async with committed(store) as work:
            await work.people.subscribe(place.member.id, place.strategy.id)

    async with store() as work:
        [candidate] = await work.planning.candidates([place.member.id], place.strategy.id, NOW, lock=False)
    assert candidate.subscribed


async def test_a_pause_holds_until_it_is_lifted(store: Store, samples: Samples) -> None:
    """rules: RSK-20"""
    member, other = await samples.joined(store), await samples.joined(store)
    seen: list[bool] = []

    for paused in (True, True, False, False):
        async with committed(store) as work:
            await work.people.pause(member.id, paused, "holidays", NOW)
        async with store() as work:
            seen.append(await work.people.paused(member.id))
            assert not await work.people.paused(other.id)

    assert seen == [True, True, False, False]
