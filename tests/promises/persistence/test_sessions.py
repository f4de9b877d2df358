"""What stores promise of sessions and one-time tokens."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from cbc_domain.identity.model import Session
from cbc_domain.kernel.ids import MemberId, SessionId
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import DAY, MINUTE, NOW, SECOND, Samples, committed, digest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_session_is_found_by_its_current_and_by_its_spent_tokens(store: Store, samples: Samples) -> None:
    """rules: AUT-07"""
    session = samples.session(await samples.joined(store), "first")
    rotated = attrs.evolve(session, refresh_hash=digest("second"), spent_hashes=(session.refresh_hash,), used_at=NOW + MINUTE)
    async with committed(store) as work:
        await work.people.add_session(session)

    async with committed(store) as work:
        assert await work.people.session_of(digest("first")) == session
        await work.people.save_session(rotated)

    async with store() as work:
        assert await work.people.session(session.id) == rotated
        assert await work.people.session_of(digest("second")) == rotated
        assert await work.people.session_of(digest("first")) == rotated
        assert await work.people.session_of(digest("third")) is None
        assert await work.people.session(SessionId(samples.ids.new())) is None


async def test_of_simultaneous_refreshes_one_finds_the_token_fresh(store: Store, samples: Samples) -> None:
    """rules: AUT-07"""
    session = samples.session(await samples.joined(store), "first")
    async with committed(store) as work:
        await work.people.add_session(session)

    async def refresh(fresh: str) -> bool:
        async with committed(store) as work:
            found = await work.people.session_of(digest("first"))
            assert found is not None
            if found.refresh_hash != digest("first"):
                return False
            await work.people.save_session(attrs.evolve(found, refresh_hash=digest(fresh), spent_hashes=(digest("first"),)))
            return True

    answers = await asyncio.gather(*(refresh(f"fresh {number}") for number in range(6)))

    assert sorted(answers) == [False] * 5 + [True]


async def test_all_sessions_of_a_member_are_revoked_and_nobody_elses(store: Store, samples: Samples) -> None:
    """rules: AUT-08"""
    member, other = await samples.joined(store), await samples.joined(store)
    mine, earlier, theirs = samples.session(member, "a"), samples.session(member, "b"), samples.session(other, "c")
    over = attrs.evolve(earlier, revoked_at=NOW - DAY)
    async with committed(store) as work:
        for session in (mine, over, theirs):
            await work.people.add_session(session)

    async with committed(store) as work:
        await work.people.revoke_sessions(member.id, NOW)

    async with store() as work:
        assert await work.people.session(mine.id) == attrs.evolve(mine, revoked_at=NOW)
        assert await work.people.session(over.id) == over
        assert await work.people.session(theirs.id) == theirs


async def test_using_a_session_never_takes_it_back_in_time_or_to_life(store: Store, samples: Samples) -> None:
    """rules: AUT-08"""
    member = await samples.joined(store)
    living, over = samples.session(member, "a"), attrs.evolve(samples.session(member, "b"), revoked_at=NOW)
    async with committed(store) as work:
        await work.people.add_session(living)
        await work.people.add_session(over)

    for at in (NOW + MINUTE, NOW + SECOND):
        async with committed(store) as work:
            await work.people.touch_session(living.id, at)
            await work.people.touch_session(over.id, at)
            await work.people.touch_session(SessionId(samples.ids.new()), at)

    async with store() as work:
        assert await work.people.session(living.id) == attrs.evolve(living, used_at=NOW + MINUTE)
        assert await work.people.session(over.id) == over


async def test_only_the_newest_sessions_of_a_member_live_on(store: Store, samples: Samples) -> None:
    """rules: AUT-08"""
    member, other = await samples.joined(store), await samples.joined(store)
    mine = [
        attrs.evolve(samples.session(member, f"{age}"), created_at=NOW - age * DAY, revoked_at=NOW if age == 1 else None)
        for age in range(5)
    ]
    theirs = samples.session(other, "theirs")
    async with committed(store) as work:
        for session in (*mine, theirs):
            await work.people.add_session(session)

    async with committed(store) as work:
        await work.people.end_oldest_sessions(member.id, 2, NOW + SECOND)

    async with store() as work:
        found = [await work.people.session(session.id) for session in (*mine, theirs)]
    ended = [None if session is None else session.revoked_at for session in found]
    assert ended == [None, NOW, None, NOW + SECOND, NOW + SECOND, None]


async def test_members_who_sign_in_from_many_places_at_once_keep_the_limit(store: Store, samples: Samples) -> None:
    """rules: AUT-08"""
    member = await samples.joined(store)
    sessions = [samples.session(member, f"{number}") for number in range(6)]

    async def sign_in(session: Session) -> None:
        async with committed(store) as work:
            await work.people.add_session(session)
            await work.people.end_oldest_sessions(member.id, 3, NOW)

    await asyncio.gather(*(sign_in(session) for session in sessions))

    async with store() as work:
        found = [await work.people.session(session.id) for session in sessions]
    assert sum(session is not None and session.revoked_at is None for session in found) == 3


async def test_a_token_is_taken_once(store: Store, samples: Samples) -> None:
    """rules: AUT-05"""
    member = await samples.joined(store)
    async with committed(store) as work:
        await work.people.add_token("verify_email", digest("t"), member.id, NOW + DAY)

    async def take() -> MemberId | None:
        async with committed(store) as work:
            return await work.people.take_token("verify_email", digest("t"), NOW)

    answers = await asyncio.gather(*(take() for _ in range(5)))

    assert [answer for answer in answers if answer is not None] == [member.id]


@pytest.mark.parametrize(
    ("purpose", "token", "late"),
    [
        ("reset_password", "t", timedelta(0)),
        ("verify_email", "other", timedelta(0)),
        ("verify_email", "t", DAY),
    ],
    ids=["another purpose", "unknown", "expired at its instant"],
)
async def test_a_token_that_is_not_valid_is_nobodys(
    store: Store, samples: Samples, purpose: str, token: str, late: timedelta
) -> None:
    """rules: AUT-05"""
    member = await samples.joined(store)
    async with committed(store) as work:
        await work.people.add_token("verify_email", digest("t"), member.id, NOW + DAY)

    async with store() as work:
        assert await work.people.take_token(purpose, digest(token), NOW + late) is None


async def test_a_token_taken_in_an_undone_unit_is_still_there(store: Store, samples: Samples) -> None:
    """rules: AUT-05"""
    member = await samples.joined(store)
    async with committed(store) as work:
        await work.people.add_token("verify_email", digest("t"), member.id, NOW + DAY)
    async with store() as work:
        await work.people.take_token("verify_email", digest("t"), NOW)

    async with store() as work:
        assert await work.people.take_token("verify_email", digest("t"), NOW) == member.id
