"""A hundred closes at once lead to two settlements, and each of them is in one that began after it."""

import asyncio

import pytest

from cbc_entrypoints.worker.one_at_a_time import OneAtATime


class Settling:
    """Does everything that waits when it begins, and holds on until it is let go; mutable for that."""

    def __init__(self) -> None:
        self.waiting = 0
        self.runs: list[int] = []
        self.go_on = asyncio.Event()

    async def __call__(self) -> None:
        self.runs.append(self.waiting)
        self.waiting = 0
        await self.go_on.wait()


async def test_who_asks_while_one_runs_is_in_the_next_one() -> None:
    """rules: COM-05, EXC-08

    In seeds 6 and 7 of the campaign at the venues every close asked again for all results that were missing: two fifths of all
    signed calls, while stops waited for their turn.
    """
    settling = Settling()
    settle = OneAtATime(settling)
    closes = list[asyncio.Task[None]]()
    for _ in range(100):
        settling.waiting += 1
        closes.append(asyncio.create_task(settle()))
        await asyncio.sleep(0)

    assert [close.done() for close in closes] == [False, False, *([True] * 98)]
    settling.go_on.set()
    await asyncio.gather(*closes)

    assert settling.runs == [1, 99]


async def test_a_run_that_fails_is_its_callers_and_the_next_one_begins() -> None:
    """rules: COM-12"""
    ran = list[int]()

    async def settle() -> None:
        ran.append(len(ran))
        await asyncio.sleep(0)
        if len(ran) == 1:
            raise ArithmeticError

    one_at_a_time = OneAtATime(settle)
    first, second = await asyncio.gather(one_at_a_time(), one_at_a_time(), return_exceptions=True)

    assert isinstance(first, ArithmeticError)
    assert second is None
    assert ran == [0, 1]


async def test_who_is_cancelled_while_he_waits_leaves_his_place() -> None:
    """rules: GEN-14"""
    settling = Settling()
    settle = OneAtATime(settling)
    first, second = asyncio.create_task(settle()), asyncio.create_task(settle())
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    settling.waiting = 1
    third = asyncio.create_task(settle())
    settling.go_on.set()
    await asyncio.gather(first, third)

    assert settling.runs == [0, 1]
