"""What a unit of work does when the database fails it, and when two units want the same rows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import uuid4

import attrs
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import Conflict, Invalid, Unavailable
from cbc_domain.kernel.ids import MemberId
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Credential
from cbc_domain.ports.persistence.unit_of_work import LostRace, UnitOfWork

Cut: TypeAlias = Callable[[], Awaitable[None]]

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def _member(email: str, affiliate_code: str | None = None) -> Member:
    return Member(MemberId(uuid4()), email, "Ana Souza", "BR", NOW, affiliate_code=affiliate_code)


async def _add(work: UnitOfWork, member: Member) -> None:
    assert await work.people.add(Credential(member, "hash"), Membership(member.id, PlanCode.TRIAL, NOW))


@pytest.fixture
async def pair(store: PostgresStore) -> AsyncIterator[tuple[Member, Member]]:
    first, second = _member("first@example.com"), _member("second@example.com")
    async with store() as work:
        await _add(work, first)
        await _add(work, second)
        await work.commit()
    yield first, second


async def test_a_lost_connection_is_unavailable_and_the_next_unit_works(store: PostgresStore, cut_connections: Cut) -> None:
    member = _member("ana@example.com")

    with pytest.raises(Unavailable) as away:
        async with store() as work:
            await _add(work, member)
            await cut_connections()
            await work.people.member(member.id)

    assert away.value.code == "unavailable"
    async with store() as work:
        assert await work.people.member(member.id) is None


async def test_a_connection_lost_before_commit_keeps_nothing(store: PostgresStore, cut_connections: Cut) -> None:
    member = _member("ana@example.com")

    with pytest.raises(Unavailable):
        async with store() as work:
            await _add(work, member)
            await cut_connections()
            await work.commit()

    async with store() as work:
        assert await work.people.member(member.id) is None


async def test_connections_that_died_in_the_pool_are_not_handed_out(store: PostgresStore, cut_connections: Cut) -> None:
    async with store() as work:
        await work.people.members(None, 1)
    await cut_connections()

    async with store() as work:
        assert await work.people.members(None, 1) == []


async def test_a_unit_that_stands_still_holds_up_others_for_a_while_and_keeps_nothing(
    store: PostgresStore, postgres_url: str, pair: tuple[Member, Member]
) -> None:
    """rules: LED-07, PRI-06"""
    engine, member = open_engine(postgres_url, pool_size=1, longest_pause_s=0.3), pair[0]

    with pytest.raises(Unavailable):
        async with PostgresStore(engine, SystemIdentities())() as stuck:
            await stuck.people.save(attrs.evolve(member, full_name="Stuck"))
            async with asyncio.timeout(5), store() as work:
                await work.people.save(attrs.evolve(member, full_name="Ana"))
                await work.commit()
            await stuck.commit()

    async with store() as work:
        kept = await work.people.member(member.id)
    assert kept is not None
    assert kept.full_name == "Ana"
    await engine.dispose()


async def test_every_connection_lets_the_server_notice_that_its_machine_is_gone(engine: AsyncEngine) -> None:
    """rules: PRI-06"""
    async with engine.connect() as connection:
        asked = text("SELECT source FROM pg_settings WHERE name LIKE 'tcp_keepalives_%'")
        assert (await connection.scalars(asked)).all() == ["client"] * 3


async def test_a_server_that_is_not_there_is_unavailable_and_its_address_is_not_told() -> None:
    engine = open_engine("postgresql://nobody:secret@127.0.0.1:1/nothing")

    with pytest.raises(Unavailable) as away:
        async with PostgresStore(engine, SystemIdentities())():
            pass

    assert "secret" not in str(away.value)
    assert "127.0.0.1" not in str(away.value)
    await engine.dispose()


async def test_a_database_that_does_not_exist_is_unavailable(postgres_url: str) -> None:
    elsewhere = make_url(postgres_url).set(database="nowhere")
    engine = open_engine(elsewhere.render_as_string(hide_password=False))

    with pytest.raises(Unavailable, match="InvalidCatalogName"):
        async with PostgresStore(engine, SystemIdentities())():
            pass

    await engine.dispose()


async def test_a_committed_unit_is_spent(store: PostgresStore) -> None:
    async with store() as work:
        await work.commit()

        with pytest.raises(InvalidRequestError):
            await work.people.members(None, 1)


async def test_of_two_units_that_wait_for_each_other_one_is_told_to_do_it_again(
    store: PostgresStore, pair: tuple[Member, Member]
) -> None:
    """rules: LED-07"""
    both_hold_one = asyncio.Barrier(2)

    async def rename(first: Member, second: Member) -> None:
        async with store() as work:
            await work.people.save(attrs.evolve(first, full_name="Ana"))
            await both_hold_one.wait()
            await work.people.save(attrs.evolve(second, full_name="Ana"))
            await work.commit()

    ends = await asyncio.gather(rename(*pair), rename(*reversed(pair)), return_exceptions=True)

    assert [type(end) for end in ends if end is not None] == [LostRace]


async def test_a_unit_that_lost_a_race_is_done_again(store: PostgresStore, pair: tuple[Member, Member]) -> None:
    """rules: LED-07"""
    both_hold_one = asyncio.Barrier(2)
    attempts: list[str] = []

    async def rename(first: Member, second: Member) -> None:
        async def act(work: UnitOfWork) -> None:
            attempts.append(first.email)
            await work.people.save(attrs.evolve(first, full_name="Ana"))
            if attempts.count(first.email) == 1:
                await both_hold_one.wait()
            await work.people.save(attrs.evolve(second, full_name="Ana"))

        await store.run(act)

    await asyncio.gather(rename(*pair), rename(*reversed(pair)))

    assert len(attempts) == 3


async def test_a_race_that_is_always_lost_ends_after_five_more_attempts(store: PostgresStore) -> None:
    """rules: LED-07"""
    attempts: list[int] = []

    async def act(work: UnitOfWork) -> None:
        attempts.append(1)
        raise LostRace("unavailable", "expected to run alone, was undone")

    with pytest.raises(LostRace):
        await store.run(act)

    assert len(attempts) == 6


@pytest.mark.parametrize("unstorable", ["nul \x00", "half a pair \ud800"])
async def test_text_that_no_column_takes_is_the_senders_fault(store: PostgresStore, unstorable: str) -> None:
    with pytest.raises(Invalid) as refused:
        async with store() as work:
            await _add(work, attrs.evolve(_member("ana@example.com"), full_name=unstorable))

    assert refused.value.code == "validation_error"


async def test_what_the_database_finds_taken_is_a_conflict(store: PostgresStore) -> None:
    """rules: DAT-03"""
    with pytest.raises(Conflict, match="uq_members_affiliate_code") as refused:
        async with store() as work:
            await _add(work, _member("ana@example.com", affiliate_code="ANA"))
            await _add(work, _member("eva@example.com", affiliate_code="ANA"))

    assert refused.value.code == "already_exists"
