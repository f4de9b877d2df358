"""What stores promise of the answers of idempotent requests."""

import asyncio

import pytest

from cbc_domain.kernel.errors import Conflict
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.work import Answer
from tests.promises.samples import NOW, SECOND, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


OWNER = "member-1"


ROUTE = "POST /api/financial/recharges"


KEY = "key-1"


FIRST = Answer(201, '{"id": "1"}')


async def test_a_finished_request_gets_its_first_answer_again(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        fresh = await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)
    async with committed(store) as work:
        await work.answers.finish(OWNER, ROUTE, KEY, FIRST)
        await work.answers.finish(OWNER, ROUTE, KEY, Answer(500, "{}"))

    async with store() as work:
        assert await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW + SECOND) == FIRST
    assert fresh is None


async def test_the_same_key_for_another_request_is_refused(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)

    async with store() as work:
        with pytest.raises(Conflict) as refused:
            await work.answers.begin(OWNER, ROUTE, KEY, "other body", NOW + SECOND)

    assert refused.value.code == "idempotency_key_reused"


async def test_a_request_that_still_runs_is_not_run_beside_itself(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)

    async with store() as work:
        with pytest.raises(Conflict) as refused:
            await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW + 59 * SECOND)

    assert refused.value.code == "request_in_progress"


async def test_a_claim_without_an_answer_is_given_up_after_a_minute(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)

    async with committed(store) as work:
        assert await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW + 60 * SECOND) is None

    async with store() as work:
        with pytest.raises(Conflict):
            await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW + 61 * SECOND)


async def test_an_undone_claim_leaves_the_key_free(store: Store) -> None:
    """rules: GEN-10"""
    async with store() as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)

    async with store() as work:
        assert await work.answers.begin(OWNER, ROUTE, KEY, "other body", NOW) is None


async def test_keys_of_other_members_and_routes_are_other_keys(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)

        assert await work.answers.begin("member-2", ROUTE, KEY, "other", NOW) is None
        assert await work.answers.begin(OWNER, "POST /api/x", KEY, "other", NOW) is None
        assert await work.answers.begin(OWNER, ROUTE, "key-2", "other", NOW) is None


async def test_of_simultaneous_requests_one_runs(store: Store) -> None:
    """rules: GEN-10"""

    async def begin() -> str:
        try:
            async with committed(store) as work:
                await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)
        except Conflict as refusal:
            return refusal.code
        return "runs"

    answers = await asyncio.gather(*(begin() for _ in range(6)))

    assert sorted(answers) == ["request_in_progress"] * 5 + ["runs"]


async def test_a_refused_request_frees_its_key_and_an_answered_one_keeps_it(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)
        await work.answers.begin(OWNER, ROUTE, "answered", "body", NOW)
        await work.answers.finish(OWNER, ROUTE, "answered", FIRST)
    async with committed(store) as work:
        await work.answers.give_up(OWNER, ROUTE, KEY)
        await work.answers.give_up(OWNER, ROUTE, "answered")
        await work.answers.give_up(OWNER, ROUTE, "unknown")

    async with store() as work:
        assert await work.answers.begin(OWNER, ROUTE, KEY, "other body", NOW + SECOND) is None
        assert await work.answers.begin(OWNER, ROUTE, "answered", "body", NOW + SECOND) == FIRST


async def test_a_claim_that_is_given_up_leaves_the_key_free(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)
    async with committed(store) as work:
        await work.answers.give_up(OWNER, ROUTE, KEY)
        await work.answers.give_up(OWNER, ROUTE, "key never used")

    async with store() as work:
        assert await work.answers.begin(OWNER, ROUTE, KEY, "other body", NOW + SECOND) is None


async def test_an_answer_is_never_given_up(store: Store) -> None:
    """rules: GEN-10"""
    async with committed(store) as work:
        await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW)
        await work.answers.finish(OWNER, ROUTE, KEY, FIRST)
    async with committed(store) as work:
        await work.answers.give_up(OWNER, ROUTE, KEY)

    async with store() as work:
        assert await work.answers.begin(OWNER, ROUTE, KEY, "body", NOW + SECOND) == FIRST
