"""Calls under way: answers as they come, failures apart, nothing left running."""

import asyncio

import pytest

from cbc_adapters.system.real.calls import LoopCalls

LONG_S = 60.0
"""Longer than any test runs: whoever waits for it to pass has failed."""


async def answer(value: str) -> str:
    return value


async def failing() -> str:
    raise ZeroDivisionError("a mistake in an adapter")


async def after(event: asyncio.Event, value: str) -> str:
    await event.wait()
    return value


async def test_nothing_is_waited_for_when_nothing_is_under_way() -> None:
    """rules: PRI-06"""
    async with LoopCalls[int, str](LONG_S) as calls:
        assert await calls.some() == []


async def test_each_answer_is_given_once_under_its_key() -> None:
    """rules: ORD-02"""
    async with LoopCalls[int, str](LONG_S) as calls:
        for key in range(3):
            calls.begin(key, answer(f"answer {key}"))

        assert await calls.some() == [(0, "answer 0"), (1, "answer 1"), (2, "answer 2")]
        assert await calls.some() == []


async def test_a_slow_call_does_not_hold_up_the_others() -> None:
    """rules: POS-11"""
    hangs = asyncio.Event()
    async with LoopCalls[str, str](0) as calls:
        calls.begin("slow", after(hangs, "at last"))
        calls.begin("fast", answer("at once"))

        assert await calls.some() == [("fast", "at once")]
        hangs.set()
        assert await calls.some() == [("slow", "at last")]


async def test_the_first_answer_waits_a_moment_for_others() -> None:
    """rules: POS-11"""
    soon = asyncio.Event()
    async with LoopCalls[str, str](LONG_S) as calls:
        calls.begin("first", answer("now"))
        calls.begin("second", after(soon, "soon"))
        asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, soon.set)

        assert await calls.some() == [("first", "now"), ("second", "soon")]


async def test_a_call_that_fails_hides_no_other() -> None:
    """rules: PRI-06"""
    async with LoopCalls[str, str](LONG_S) as calls:
        calls.begin("bad", failing())
        calls.begin("good", answer("well"))

        (_, failure), good = await calls.some()

    assert isinstance(failure, ZeroDivisionError)
    assert good == ("good", "well")


async def test_calls_that_begin_later_are_heard_beside_those_under_way() -> None:
    """rules: POS-11"""
    hangs = asyncio.Event()
    async with LoopCalls[str, str](0) as calls:
        calls.begin("slow", after(hangs, "at last"))
        calls.begin("entry", answer("bought"))
        await calls.some()
        calls.begin("stop", answer("placed"))

        assert await calls.some() == [("stop", "placed")]


@pytest.mark.parametrize("cancelled", [True, False])
async def test_whoever_leaves_takes_what_is_under_way_with_him(*, cancelled: bool) -> None:
    """rules: PRI-06"""
    ended = asyncio.Event()

    async def hanging() -> str:
        try:
            await asyncio.sleep(LONG_S)
        finally:
            ended.set()
        return "never"

    async def caller() -> None:
        async with LoopCalls[str, str]() as calls:
            calls.begin("hangs", hanging())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if cancelled:
                await calls.some()

    task = asyncio.create_task(caller())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert ended.is_set()
    assert task.cancelled() is cancelled
