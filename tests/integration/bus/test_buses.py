"""Wake-ups in memory and through Redis keep the same promises."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from cbc_adapters.bus.memory.bus import MemoryBus
from cbc_adapters.bus.redis import bus as through_redis
from cbc_adapters.bus.redis.bus import RedisBus
from cbc_domain.ports.bus import Bus
from tests.promises.bus import BusPromises, hear

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


class TestMemoryBus(BusPromises):
    @pytest.fixture
    def bus(self) -> Bus:
        return MemoryBus()

    async def test_wake_ups_that_nobody_heard_yet_are_merged(self) -> None:
        """rules: ARC-09"""
        bus = MemoryBus()
        listening = bus.listen("signals", "orders")
        for topic in ("signals", "signals", "orders", "signals"):
            await bus.publish(topic)

        assert [await anext(listening), await anext(listening)] == ["signals", "orders"]

    async def test_a_listener_that_was_dropped_costs_nothing(self) -> None:
        """rules: ARC-09"""
        bus = MemoryBus()
        listening = bus.listen("signals")
        del listening
        gc.collect()

        assert len(bus.listeners) == 0


class TestRedisBus(BusPromises):
    @pytest.fixture
    async def bus(self, redis_url: str) -> AsyncIterator[Bus]:
        async with RedisBus.connect(redis_url) as bus:
            yield bus

    async def test_another_process_is_woken(self, redis_url: str) -> None:
        """rules: ARC-09"""
        async with RedisBus.connect(redis_url) as one, RedisBus.connect(redis_url) as other:
            assert await hear(one.listen("signals"), other, "signals") == "signals"


async def test_a_redis_that_is_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: ARC-09"""
    monkeypatch.setattr(through_redis, "PATIENCE_S", 0.01)
    async with RedisBus.connect(NOBODY_LISTENS) as bus:
        await bus.publish("signals")
        waiting = asyncio.ensure_future(anext(bus.listen("signals")))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        waiting.cancel()

    assert not done
