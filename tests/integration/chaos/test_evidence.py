"""What is kept of work that does not come to its end."""

import asyncio
import logging

import pytest

from tests.chaos.venues.waiting import tell_tasks


async def test_a_task_that_waits_for_ever_is_told_with_all_that_it_awaits(caplog: pytest.LogCaptureFixture) -> None:
    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        await inner()

    task = asyncio.create_task(outer(), name="stuck")
    await asyncio.sleep(0)
    with caplog.at_level(logging.WARNING):
        tell_tasks()
    task.cancel()

    [told] = [message for message in caplog.messages if message.startswith("stuck: ")]
    awaited = [name.rpartition(".")[2].partition(":")[0] for name in told.removeprefix("stuck: ").split(" < ")]
    assert awaited[-3:] == ["wait", "inner", "outer"]
