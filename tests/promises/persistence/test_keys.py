"""What stores promise of sealed exchange keys, of their health, and of the history of what was done with them."""

import asyncio
from datetime import datetime, timedelta

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed, StoredKey
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.keys import Judged, KeyHealth
from cbc_domain.risk.model import ExchangeAccount, KeyStatus
from tests.promises.samples import DAY, MINUTE, NOW, SECOND, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


def key_of(account: ExchangeAccount, *, due_at: datetime = NOW + DAY) -> StoredKey:
    return StoredKey(account.id, f"k1.wrapped.{account.id}", f"print of {account.id}", KeyHealth(NOW, due_at))


async def connected(store: Store, samples: Samples, *, due_at: datetime = NOW + DAY) -> tuple[ExchangeAccount, StoredKey]:
    """A member's account with a key."""
    account = samples.account(await samples.joined(store))
    key = key_of(account, due_at=due_at)
    async with committed(store) as work:
        await work.people.add_account(account)
        await work.keys.add(key)
    return account, key


def act_of(samples: Samples, account: ExchangeAccount, deed: KeyDeed = KeyDeed.ADDED) -> KeyAct:
    return KeyAct(samples.ids.new(), account.member, account.id, deed, "connect", "passed", str(account.member), NOW)


async def test_a_key_is_kept_as_it_was_sealed(store: Store, samples: Samples) -> None:
    """rules: KEY-06"""
    account, key = await connected(store, samples)
    unknown = samples.account(await samples.joined(store))

    async with store() as work:
        found = await work.keys.of({account.id, unknown.id}, lock=True)
        none = await work.keys.of(set())

    assert (found, none) == ({account.id: key}, {})


async def test_a_key_that_another_account_has_is_refused(store: Store, samples: Samples) -> None:
    """rules: KEY-04"""
    _, first = await connected(store, samples)
    second = samples.account(await samples.joined(store))
    async with committed(store) as work:
        await work.people.add_account(second)

    with pytest.raises(Conflict) as refused:
        async with committed(store) as work:
            await work.keys.add(attrs.evolve(key_of(second), fingerprint=first.fingerprint))

    assert refused.value.code == "key_in_use"


async def test_of_two_who_add_the_same_key_at_once_one_gets_it(store: Store, samples: Samples) -> None:
    """rules: KEY-04"""
    accounts = [samples.account(await samples.joined(store)) for _ in range(2)]

    async def add(account: ExchangeAccount) -> None:
        async with committed(store) as work:
            await work.people.add_account(account)
            await work.keys.add(attrs.evolve(key_of(account), fingerprint="the same"))

    ended = await asyncio.gather(*map(add, accounts), return_exceptions=True)

    async with store() as work:
        kept = await work.keys.of([account.id for account in accounts])
        listed = [await work.people.accounts(account.member) for account in accounts]
    assert sorted(str(getattr(one, "code", "added")) for one in ended) == ["added", "key_in_use"]
    assert len(kept) == 1
    assert sorted(map(len, listed)) == [0, 1]


async def test_an_erased_key_is_gone_and_may_be_added_again(store: Store, samples: Samples) -> None:
    """rules: KEY-11"""
    account, key = await connected(store, samples)

    for _ in range(2):
        async with committed(store) as work:
            await work.keys.erase(account.id)

    async with committed(store) as work:
        assert await work.keys.of([account.id]) == {}
        await work.keys.add(key)


async def test_a_key_that_is_due_is_given_to_one_sweep_at_a_time(store: Store, samples: Samples) -> None:
    """rules: KEY-03"""
    due, _ = await connected(store, samples, due_at=NOW)
    longer, _ = await connected(store, samples, due_at=NOW - MINUTE)
    await connected(store, samples, due_at=NOW + SECOND)
    invalid, _ = await connected(store, samples, due_at=NOW - DAY)
    taken = []
    async with committed(store) as work:
        await work.people.save_account(attrs.evolve(invalid, status=KeyStatus.INVALID))

    for at in (NOW, NOW, NOW, NOW + 10 * MINUTE - SECOND):
        async with committed(store) as work:
            taken.append(await work.keys.take_due(at, NOW + 10 * MINUTE, 1))

    async with store() as work:
        again = await work.keys.take_due(NOW + 10 * MINUTE, NOW + DAY, 10)
    assert [list(one) for one in taken[:3]] == [[longer.id], [due.id], []]
    assert {due.id, longer.id} < set(again)


async def test_keys_that_last_passed_long_ago_are_told_from_others(store: Store, samples: Samples) -> None:
    """rules: KEY-03"""
    old, _ = await connected(store, samples)
    young, key = await connected(store, samples)
    keyless = samples.account(await samples.joined(store))
    async with committed(store) as work:
        await work.people.add_account(keyless)
        later = attrs.evolve(key.health, verified_at=NOW + SECOND)
        await work.keys.keep([Judged(young, later)])

    async with store() as work:
        asked = [old.id, young.id, keyless.id]
        found = [await work.keys.passed_before(asked, NOW + after) for after in (timedelta(0), SECOND, 2 * SECOND)]
        none = await work.keys.passed_before([], NOW + DAY)

    assert found == [frozenset(), {old.id}, {old.id, young.id}]
    assert none == frozenset()


async def test_a_key_in_doubt_is_due_at_once_and_none_is_put_off_by_that(store: Store, samples: Samples) -> None:
    """rules: EXC-06, KEY-03"""
    account, _ = await connected(store, samples)
    other, other_key = await connected(store, samples)

    async with committed(store) as work:
        await work.keys.hasten([account.id], NOW)
        await work.keys.hasten([account.id, other.id], NOW + 300 * DAY)
        await work.keys.hasten([], NOW)

    async with store() as work:
        found = await work.keys.of([account.id, other.id])
    assert found[account.id].health.due_at == NOW
    assert found[other.id] == other_key


async def test_what_an_examination_found_is_kept_of_account_and_key(store: Store, samples: Samples) -> None:
    """rules: KEY-03, KEY-10"""
    account, key = await connected(store, samples)
    other, other_key = await connected(store, samples)
    seen = attrs.evolve(account, status=KeyStatus.INVALID, can_trade=False, can_withdraw=True, hedge=True)
    health = KeyHealth(NOW, NOW + timedelta(hours=1), 2, NOW + 30 * DAY, restricted=True)

    async with committed(store) as work:
        await work.keys.keep([Judged(seen, health)])
        await work.keys.keep([])

    async with store() as work:
        assert await work.people.connected([account.id, other.id]) == {account.id: seen, other.id: other}
        found = await work.keys.of([account.id, other.id])
    assert found == {account.id: attrs.evolve(key, health=health), other.id: other_key}


async def test_an_examination_that_comes_late_does_not_bring_a_removed_key_back(store: Store, samples: Samples) -> None:
    """rules: KEY-11"""
    account, key = await connected(store, samples)
    removed = attrs.evolve(account, status=KeyStatus.REMOVED)
    async with committed(store) as work:
        await work.people.save_account(removed)
        await work.keys.erase(account.id)

    async with committed(store) as work:
        await work.keys.keep([Judged(account, key.health)])
        await work.people.save_account(attrs.evolve(account, status=KeyStatus.INVALID))

    async with store() as work:
        assert await work.people.accounts(account.member) == [removed]
        assert await work.keys.of([account.id]) == {}


async def test_all_keys_are_read_page_by_page_and_wrapped_anew(store: Store, samples: Samples) -> None:
    """rules: KEY-09"""
    kept = sorted([(await connected(store, samples))[1] for _ in range(3)], key=lambda key: key.account)
    after = {key.account: f"k2.{key.sealed}" for key in kept}
    replaced = attrs.evolve(kept[1], sealed="what it was before somebody else changed it")

    async with committed(store) as work:
        pages = [
            await work.keys.page(None, 2),
            await work.keys.page(kept[1].account, 2),
            await work.keys.page(kept[2].account, 2),
        ]
        changed = await work.keys.rewrap([kept[0], replaced, kept[2]], after)
        await work.keys.rewrap([], {})

    async with store() as work:
        found = await work.keys.page(None, 10)
    assert [list(page) for page in pages] == [kept[:2], kept[2:], []]
    assert changed == {kept[0].account, kept[2].account}
    assert [key.sealed for key in found] == [after[kept[0].account], kept[1].sealed, after[kept[2].account]]


async def test_the_first_pepper_stands_and_is_wrapped_anew_only_as_it_is(store: Store) -> None:
    """rules: KEY-04, KEY-09"""
    async with committed(store) as work:
        none = await work.keys.pepper()
        answers = [await work.keys.keep_pepper("k1.first"), await work.keys.keep_pepper("k1.second")]
        stale = await work.keys.keep_pepper("k2.first", "k1.second")
        fresh = await work.keys.keep_pepper("k2.first", "k1.first")

    async with store() as work:
        assert await work.keys.pepper() == "k2.first"
    assert (none, answers, stale, fresh) == (None, ["k1.first", "k1.first"], "k1.first", "k2.first")


async def test_what_was_done_with_a_members_keys_is_told_in_order(store: Store, samples: Samples) -> None:
    """rules: KEY-12"""
    account, _ = await connected(store, samples)
    other, _ = await connected(store, samples)
    refused = attrs.evolve(act_of(samples, account), account=None, outcome="key_can_withdraw")
    counted = attrs.evolve(act_of(samples, account, KeyDeed.OPENED), times=12, since=NOW - MINUTE)

    async with committed(store) as work:
        await work.keys.note([refused, act_of(samples, other), counted])
        await work.keys.note([])

    async with store() as work:
        assert await work.keys.acts(account.member) == [refused, counted]


@pytest.mark.parametrize("change", ["UPDATE key_audit SET times = 1", "DELETE FROM key_audit", "TRUNCATE key_audit"])
async def test_what_was_done_with_keys_cannot_be_unsaid(postgres: PostgresStore, samples: Samples, change: str) -> None:
    """rules: KEY-12"""
    account, _ = await connected(postgres, samples)
    async with committed(postgres) as work:
        await work.keys.note([act_of(samples, account)])

    with pytest.raises(IntegrityError, match="only ever added"):
        async with postgres.engine.begin() as connection:
            await connection.execute(text(change))


async def test_a_sealed_webhook_secret_is_wrapped_anew_only_as_it_is(store: Store, samples: Samples) -> None:
    """rules: KEY-09"""
    strategy = samples.strategy()
    secret = attrs.evolve(samples.secret(strategy), sealed=b"k1.a")
    async with committed(store) as work:
        await work.signals.add_strategy(strategy, secret)

    async with committed(store) as work:
        await work.signals.reseal(attrs.evolve(secret, sealed=b"k0.z"), b"k2.z")
        await work.signals.reseal(secret, b"k2.a")

    async with store() as work:
        assert await work.signals.hmac_secrets(NOW) == [attrs.evolve(secret, sealed=b"k2.a")]


async def test_the_position_mode_of_an_account_is_kept(store: Store, samples: Samples) -> None:
    """rules: EXC-06"""
    account = attrs.evolve(samples.account(await samples.joined(store), Environment.TESTNET), hedge=True)

    async with committed(store) as work:
        await work.people.add_account(account)

    async with store() as work:
        assert await work.people.accounts(account.member) == [account]
