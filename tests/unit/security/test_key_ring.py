"""The key ring opens sealed keys for calls: few reads, no plain text kept, removals noticed, openings counted."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

import attrs
import pytest

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.security.standard.key_ring import SealedKeyRing
from cbc_adapters.security.standard.secrets import Vault
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.persistence.keys import KeyDeed, StoredKey
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.risk.credentials import Credentials, bound_to, packed
from cbc_domain.risk.keys import KeyHealth
from cbc_domain.risk.model import ExchangeAccount
from tests.promises.samples import DAY, NOW, Samples, committed

T = TypeVar("T")

CREDENTIALS = Credentials("hush-key", "hush-secret", "hush-phrase")
VAULT = Vault({"k1": bytes(range(32))}, "k1")
MINUTE = timedelta(minutes=1)


@attrs.define
class CountedStore:
    """A store that counts its units and can be away; mutable for both."""

    store: MemoryStore
    units: int = 0
    away: bool = False

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[UnitOfWork]:
        if self.away:
            raise Unavailable("unavailable", "expected a database, was away")
        self.units += 1
        # Like a database, it answers later.
        await asyncio.sleep(0)
        async with self.store() as work:
            yield work

    async def run(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        return await self.store.run(act)


@attrs.define
class Bench:
    """A ring over a store that counts, and its two clocks; mutable because they go on."""

    samples: Samples
    store: CountedStore
    ring: SealedKeyRing
    clock: SteppedClock
    elapsed_s: float = 100.0

    async def account(self, credentials: Credentials = CREDENTIALS) -> ExchangeAccount:
        """A stored account with a key."""
        member = await self.samples.joined(self.store.store)
        account = self.samples.account(member)
        sealed = VAULT.seal(packed(credentials), bound_to(account))
        async with committed(self.store.store) as work:
            await work.people.add_account(account)
            await work.keys.add(StoredKey(account.id, sealed, str(account.id), KeyHealth(NOW, NOW + DAY)))
        return account

    async def erase(self, account: AccountId) -> None:
        async with committed(self.store.store) as work:
            await work.keys.erase(account)

    async def opened(self, account: ExchangeAccount) -> list[tuple[int, str]]:
        """How often the account's key was opened, by whom, as it is written down."""
        async with self.store.store() as work:
            acts = await work.keys.acts(account.member)
        return [(act.times, act.actor) for act in acts if act.deed is KeyDeed.OPENED]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    samples, clock = Samples(), SteppedClock(NOW)
    store = CountedStore(MemoryStore(samples.ids))
    ring = SealedKeyRing(store, VAULT, clock, samples.ids, process="here:1", elapsed=lambda: made.elapsed_s)
    made = Bench(samples, store, ring, clock)
    yield made
    await ring.close()


async def test_a_key_is_opened_for_its_account_only(bench: Bench) -> None:
    """rules: KEY-06, KEY-08"""
    account, other = await bench.account(), await bench.account(Credentials("other", "other-secret"))

    assert await bench.ring.credentials(account) == CREDENTIALS
    with pytest.raises(Unavailable) as refused:
        await bench.ring.credentials(attrs.evolve(account, member=other.member))

    assert "hush" not in str(refused.value)


async def test_no_key_is_kept_in_plain_text(bench: Bench) -> None:
    """rules: KEY-08"""
    account = await bench.account()

    await bench.ring.credentials(account)

    assert "hush" not in repr(vars(bench.ring))


async def test_many_calls_cost_one_read_while_the_key_is_fresh(bench: Bench) -> None:
    """rules: KEY-12"""
    account = await bench.account()

    for _ in range(50):
        await bench.ring.credentials(account)
        bench.elapsed_s += 0.03

    assert bench.store.units == 1


async def test_calls_that_come_together_are_answered_by_two_reads(bench: Bench) -> None:
    """rules: KEY-08"""
    accounts = [await bench.account() for _ in range(20)]

    found = await asyncio.gather(*map(bench.ring.credentials, accounts))

    assert found == [CREDENTIALS] * 20
    assert bench.store.units <= 2


async def test_a_removed_key_is_noticed_after_two_seconds(bench: Bench) -> None:
    """rules: KEY-11"""
    account = await bench.account()
    await bench.ring.credentials(account)
    await bench.erase(account.id)

    bench.elapsed_s += 2.0
    with pytest.raises(VenueRefused) as refused:
        await bench.ring.credentials(account)

    assert refused.value.fault is Fault.AUTH


async def test_an_account_that_never_had_a_key_is_refused(bench: Bench) -> None:
    """rules: KEY-08"""
    account = bench.samples.account(await bench.samples.joined(bench.store.store))

    with pytest.raises(VenueRefused) as refused:
        await bench.ring.credentials(account)

    assert refused.value.fault is Fault.AUTH


async def test_a_key_that_nobody_uses_is_let_go(bench: Bench) -> None:
    """rules: KEY-08"""
    first, second = await bench.account(), await bench.account()
    await bench.ring.credentials(first)

    bench.elapsed_s += 600.0
    await bench.ring.credentials(second)

    assert str(first.id) not in repr(vars(bench.ring)["_sealed"])


async def test_openings_are_counted_and_written_down_together(bench: Bench) -> None:
    """rules: KEY-12"""
    first, second = await bench.account(), await bench.account()
    for account in (first, first, second, first):
        await bench.ring.credentials(account)
    bench.clock.advance(by=MINUTE)

    await bench.ring.note()
    await bench.ring.note()

    async with bench.store.store() as work:
        (act,) = await work.keys.acts(first.member)
    assert (await bench.opened(first), await bench.opened(second)) == ([(3, "here:1")], [(1, "here:1")])
    assert (act.account, act.purpose, act.since, act.at) == (first.id, "calls", NOW, NOW + MINUTE)


async def test_openings_that_could_not_be_written_are_counted_on(bench: Bench) -> None:
    """rules: KEY-12"""
    account = await bench.account()
    await bench.ring.credentials(account)
    bench.store.away = True
    with pytest.raises(Unavailable):
        await bench.ring.note()

    bench.store.away = False
    await bench.ring.credentials(account)
    await bench.ring.close()

    assert await bench.opened(account) == [(2, "here:1")]


async def test_openings_are_written_down_by_themselves(bench: Bench) -> None:
    """rules: KEY-12"""
    account = await bench.account()
    ring = SealedKeyRing(bench.store, VAULT, bench.clock, bench.samples.ids, process="here:2", noted_every_s=0.001)

    await ring.credentials(account)
    async with asyncio.timeout(10):
        while not (opened := await bench.opened(account)):
            await asyncio.sleep(0.001)

    await ring.close()
    assert opened == [(1, "here:2")]
