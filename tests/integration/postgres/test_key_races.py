"""Sweeps, members and the key ring at the same keys at once, on a real PostgreSQL."""

import asyncio
from collections import Counter

import attrs
import pytest

from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.security.standard.key_ring import SealedKeyRing
from cbc_adapters.system.real.clock import SystemClock
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.application.people.add_key import KeyForm
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.persistence.keys import KeyDeed
from cbc_domain.ports.venue_keys import Credentials, KeyFindings
from cbc_domain.risk.model import ExchangeAccount, KeyStatus
from tests.club import Club, open_club
from tests.integration.postgres.counting import counted
from tests.promises.samples import DAY, Samples

GOOD = KeyFindings(reads=True, trades=True, withdraws=False, hedge=False)
KEYS = 30


@attrs.define
class SlowVenues:
    """Finds every key good, after letting others act; mutable because it counts who was asked about."""

    asked: Counter[str] = attrs.field(factory=Counter)

    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        self.asked[credentials.key] += 1
        await asyncio.sleep(0.005)
        return GOOD


@pytest.fixture
def venues() -> SlowVenues:
    return SlowVenues()


@pytest.fixture
async def club(store: PostgresStore, venues: SlowVenues) -> Club:
    club = await open_club(store=store)
    club.platform.examiner.override(venues)
    return club


async def connected(club: Club, store: PostgresStore, count: int) -> list[ExchangeAccount]:
    """The accounts of so many members, each with a key that was found good."""
    samples, accounts = Samples(), []
    for number in range(count):
        member = await samples.joined(store)
        form = KeyForm(Venue.BYBIT, Environment.LIVE, "main", Credentials(f"key-{number}", "secret"))
        accounts.append((await club.platform.add_key()(member.id, form)).shown.account)
    return accounts


async def test_sweeps_at_once_ask_about_each_key_once(club: Club, store: PostgresStore, venues: SlowVenues) -> None:
    """rules: KEY-03"""
    await connected(club, store, KEYS)
    venues.asked.clear()
    club.clock.advance(by=DAY)

    counts = await asyncio.gather(*(club.platform.verify_due_keys()() for _ in range(4)))

    assert sum(counts) == KEYS
    assert set(venues.asked.values()) == {1}


async def test_a_key_that_is_removed_while_it_is_verified_stays_removed(club: Club, store: PostgresStore) -> None:
    """rules: KEY-11, KEY-12"""
    accounts = await connected(club, store, 10)
    verify, remove = club.platform.verify_key(), club.platform.remove_key()

    acts = (act for one in accounts for act in (verify(one.member, one.id), remove(one.member, one.id)))
    ended = await asyncio.gather(*acts, return_exceptions=True)

    async with store() as work:
        after = await work.people.connected([one.id for one in accounts])
        keys = await work.keys.of([one.id for one in accounts])
        told = [[act.deed for act in await work.keys.acts(one.member)] for one in accounts]
    faults = [one for one in ended if isinstance(one, BaseException)]
    assert all(getattr(one, "code", None) in ("not_found", "state_conflict") for one in faults), faults
    assert {one.status for one in after.values()} == {KeyStatus.REMOVED}
    assert keys == {}
    assert all(deeds.count(KeyDeed.REMOVED) == 1 for deeds in told)


async def test_opening_many_keys_at_once_takes_two_reads_and_one_row_each(club: Club, store: PostgresStore) -> None:
    """rules: KEY-08, KEY-12"""
    accounts = await connected(club, store, 10)
    ring = SealedKeyRing(store, club.platform.sealer(), SystemClock(), SystemIdentities(), process="here:1")

    with counted(store.engine) as reads:
        found = await asyncio.gather(*(ring.credentials(account) for account in accounts * 20))
    with counted(store.engine) as writes:
        await ring.close()

    async with store() as work:
        opened = [act.times for one in accounts for act in await work.keys.acts(one.member) if act.deed is KeyDeed.OPENED]
    assert [one.key for one in found[:10]] == [f"key-{number}" for number in range(10)]
    assert opened == [20] * 10
    assert (reads.value <= 2, writes.value) == (True, 1)
