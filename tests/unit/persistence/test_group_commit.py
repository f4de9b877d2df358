"""How callers share a commit: who takes what, and what happens to those beside a failure."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs

from cbc_adapters.persistence.postgres.group_commit import GroupCommit, Write
from cbc_domain.kernel.errors import Conflict, Unavailable


@attrs.define
class Ledger:
    """Writes numbers; odd ones are refused, and it may be away. Mutable because it remembers."""

    batches: list[list[int]] = attrs.field(factory=list)
    sessions: int = 0
    away: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Write[int, str]]:
        self.sessions += 1
        if self.away:
            self.away -= 1
            raise Unavailable("unavailable", "expected an answer, was none")
        yield self.write
        await asyncio.sleep(0)

    async def write(self, items: Sequence[int]) -> Sequence[str | Exception]:
        self.batches.append(list(items))
        await asyncio.sleep(0)
        return [Conflict("state_conflict", f"was {item}") if item % 2 else str(item) for item in items]


async def brought(commits: GroupCommit[int, str], *items: int) -> list[str | BaseException]:
    return await asyncio.gather(*(commits(item) for item in items), return_exceptions=True)


async def test_what_waits_at_once_travels_together() -> None:
    """rules: LED-07"""
    ledger = Ledger()

    answers = await brought(GroupCommit[int, str](ledger.open), 0, 2, 4, 6)

    assert answers == ["0", "2", "4", "6"]
    assert (ledger.batches, ledger.sessions) == ([[0, 2, 4, 6]], 1)


async def test_no_commit_carries_more_than_it_may() -> None:
    """rules: LED-07"""
    ledger = Ledger()

    await brought(GroupCommit[int, str](ledger.open, most=2), 0, 2, 4, 6, 8)

    assert ledger.batches == [[0, 2], [4, 6], [8]]


async def test_who_is_refused_is_told_so_and_the_others_are_answered() -> None:
    """rules: LED-07"""
    answers = await brought(GroupCommit[int, str](Ledger().open), 0, 1, 2)

    assert [answers[0], answers[2]] == ["0", "2"]
    assert isinstance(answers[1], Conflict)


async def test_who_comes_back_at_once_finds_the_same_session() -> None:
    """rules: LED-07"""
    ledger = Ledger()
    commits = GroupCommit[int, str](ledger.open)

    for item in range(0, 10, 2):
        await commits(item)

    assert ledger.batches == [[0], [2], [4], [6], [8]]
    assert ledger.sessions == 1


async def test_who_comes_while_the_session_closes_does_not_wait_for_ever() -> None:
    """rules: LED-07"""
    ledger = Ledger()
    commits = GroupCommit[int, str](ledger.open)

    async def late(turns: int) -> str:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await commits(2 * turns)

    answers = await asyncio.gather(*(late(turns) for turns in range(12)))

    assert answers == [str(2 * turns) for turns in range(12)]


async def test_when_nobody_can_write_all_who_wait_are_told_and_the_next_are_served() -> None:
    """rules: LED-07"""
    ledger = Ledger(away=1)
    commits = GroupCommit[int, str](ledger.open)

    refused = await brought(commits, 0, 2)

    assert [type(one) for one in refused] == [Unavailable, Unavailable]
    assert await commits(4) == "4"


async def test_who_gives_up_before_being_taken_is_not_written() -> None:
    """rules: LED-07"""
    ledger = Ledger()
    commits = GroupCommit[int, str](ledger.open)
    patient, gone = asyncio.create_task(commits(2)), asyncio.create_task(commits(4))
    await asyncio.sleep(0)

    gone.cancel()

    assert await patient == "2"
    assert ledger.batches == [[2]]


async def test_several_writers_take_turns_without_sharing_an_item() -> None:
    """rules: LED-07"""
    ledger = Ledger()

    answers = await brought(GroupCommit[int, str](ledger.open, committers=3, most=1), 0, 2, 4, 6, 8)

    assert answers == ["0", "2", "4", "6", "8"]
    assert sorted(ledger.batches) == [[0], [2], [4], [6], [8]]
