"""What a unit of work promises, whatever is kept in it."""

import asyncio
from contextlib import suppress
from socket import socket

import pytest

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Credential
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from tests.promises.samples import NOW, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def add(work: UnitOfWork, credential: Credential) -> bool:
    return await work.people.add(credential, Membership(credential.member.id, PlanCode.NONE, NOW))


async def is_known(store: Store, credential: Credential) -> bool:
    async with store() as work:
        return await work.people.member(credential.member.id) is not None


async def test_what_was_committed_is_seen_by_the_next_unit(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    credential = samples.credential()

    async with store() as work:
        await add(work, credential)
        await work.commit()

    assert await is_known(store, credential)


async def test_leaving_without_commit_undoes_everything(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    member = await samples.joined(store)
    credential = samples.credential()

    async with store() as work:
        await add(work, credential)
        await work.people.pause(member.id, True, "holidays", NOW)
        await work.outbox.add([samples.event(member)])

    assert not await is_known(store, credential)
    async with store() as work:
        assert await work.people.member(member.id) == member
        assert not await work.people.paused(member.id)
        assert await work.outbox.about(member.id) == []


async def test_an_error_inside_undoes_everything(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    credential = samples.credential()

    with pytest.raises(LookupError):
        async with store() as work:
            await add(work, credential)
            raise LookupError

    assert not await is_known(store, credential)


async def test_a_unit_sees_what_it_has_written(store: Store, samples: Samples) -> None:
    credential = samples.credential()

    async with store() as work:
        await add(work, credential)

        assert await work.people.member(credential.member.id) == credential.member


async def test_nobody_sees_what_is_not_committed(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    credential = samples.credential()

    async with store() as work:
        await add(work, credential)
        reader = asyncio.ensure_future(is_known(store, credential))
        await asyncio.wait([reader], timeout=0.2)

    assert not await reader


async def test_a_spent_unit_keeps_nothing_more(store: Store, samples: Samples) -> None:
    first, second = samples.credential(), samples.credential()

    # What a store raises for it is its own; it is a mistake of the caller.
    with suppress(Exception):
        async with store() as work:
            await add(work, first)
            await work.commit()
            await add(work, second)

    assert await is_known(store, first)
    assert not await is_known(store, second)


async def test_after_its_commit_a_unit_holds_nobody_up(store: Store, samples: Samples) -> None:
    credential = samples.credential()

    async with store() as work:
        await add(work, credential)
        await work.commit()

        assert await is_known(store, credential)


async def test_what_is_run_in_a_unit_is_committed_and_answered(store: Store, samples: Samples) -> None:
    """rules: LED-07"""
    credential = samples.credential()

    async def act(work: UnitOfWork) -> str:
        await add(work, credential)
        return "done"

    assert await store.run(act) == "done"
    assert await is_known(store, credential)


async def test_what_fails_in_a_run_is_undone(store: Store, samples: Samples) -> None:
    """rules: LED-07"""
    credential = samples.credential()

    async def act(work: UnitOfWork) -> None:
        await add(work, credential)
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(act)
    assert not await is_known(store, credential)


async def test_a_rolled_back_key_can_be_used_again(store: Store, samples: Samples) -> None:
    credential = samples.credential("ana@example.com")
    async with store() as work:
        await add(work, credential)

    async with committed(store) as work:
        assert await add(work, credential)


async def test_a_store_that_is_away_says_so() -> None:
    """rules: GEN-12"""
    with socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        engine = open_engine(f"postgresql://nobody@127.0.0.1:{reserved.getsockname()[1]}/nothing")
        away = PostgresStore(engine, Samples().ids)

        with pytest.raises(Unavailable) as refused:
            async with away() as work:
                await work.configuration.stops()

    assert refused.value.code == "unavailable"


async def test_what_is_run_is_committed_with_its_answer(store: Store, samples: Samples) -> None:
    """rules: LED-07"""
    credential = samples.credential()

    async def join(work: UnitOfWork) -> bool:
        return await add(work, credential)

    assert await store.run(join)
    assert await is_known(store, credential)


async def test_what_fails_while_it_is_run_leaves_nothing(store: Store, samples: Samples) -> None:
    """rules: LED-07, ARC-06"""
    credential = samples.credential()

    async def join_and_fail(work: UnitOfWork) -> None:
        await add(work, credential)
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(join_and_fail)
    assert not await is_known(store, credential)
