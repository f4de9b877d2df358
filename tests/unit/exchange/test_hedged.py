"""A slow question is asked once more, a quick one never, and nothing of either is left behind."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from cbc_adapters.exchange.ccxt import hedged as module
from cbc_adapters.exchange.ccxt.hedged import hedged
from cbc_domain.ports.venue_faults import OutcomeUnknown

A_WHILE_S = 0.02
NEVER_S = 3600.0

Answer = tuple[float, str]
"""After how many seconds, and what; a word that begins with `!` is no answer."""


def asked(answers: Sequence[Answer], ended: list[str]) -> Callable[[], Awaitable[str]]:
    """Each question has the next of these answers; what ends is written down."""
    left = iter(answers)

    async def ask() -> str:
        after, word = next(left)
        try:
            await asyncio.sleep(after)
        finally:
            ended.append(word)
        if word.startswith("!"):
            raise OutcomeUnknown(word)
        return word

    return ask


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", A_WHILE_S)


@pytest.mark.parametrize(
    ("answers", "told", "questions"),
    [
        ([(0, "first")], "first", 1),
        ([(NEVER_S, "first"), (0, "second")], "second", 2),
        ([(2 * A_WHILE_S, "first"), (NEVER_S, "second")], "first", 2),
        ([(2 * A_WHILE_S, "first"), (0, "!second")], "first", 2),
        ([(2 * A_WHILE_S, "!first"), (3 * A_WHILE_S, "second")], "second", 2),
    ],
)
async def test_the_first_answer_counts(answers: Sequence[Answer], told: str, questions: int) -> None:
    """rules: POS-11"""
    ended: list[str] = []

    assert await hedged(asked(answers, ended), lambda: True) == told
    assert len(ended) == questions
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("answers", [[(0, "!first")], [(2 * A_WHILE_S, "!first"), (0, "!second")]])
async def test_without_an_answer_the_first_failure_is_told(answers: Sequence[Answer]) -> None:
    """rules: POS-11"""
    with pytest.raises(OutcomeUnknown, match="!first"):
        await hedged(asked(answers, []), lambda: True)


async def test_where_little_is_left_nothing_is_asked_twice() -> None:
    """rules: EXC-08"""
    ended: list[str] = []

    assert await hedged(asked([(2 * A_WHILE_S, "first")], ended), lambda: False) == "first"
    assert ended == ["first"]


async def test_whoever_stops_waiting_leaves_no_question_behind() -> None:
    """rules: EXC-08"""
    ended: list[str] = []

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3 * A_WHILE_S):
            await hedged(asked([(NEVER_S, "first"), (NEVER_S, "second")], ended), lambda: True)

    assert sorted(ended) == ["first", "second"]
