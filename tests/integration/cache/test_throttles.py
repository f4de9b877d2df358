"""Token buckets in memory and in Redis keep the same promises."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from cbc_adapters.cache.memory import throttle as memory
from cbc_adapters.cache.memory.throttle import MemoryThrottle
from cbc_adapters.cache.redis.throttle import RedisThrottle
from cbc_domain.ports.cache import Throttle
from tests.promises.throttle import MINUTE, NOW, ThrottlePromises

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


class TestMemoryThrottle(ThrottlePromises):
    @pytest.fixture
    def throttle(self) -> Throttle:
        return MemoryThrottle()


class TestRedisThrottle(ThrottlePromises):
    @pytest.fixture
    async def throttle(self, redis_url: str) -> AsyncIterator[Throttle]:
        async with Redis.from_url(redis_url) as client:
            yield RedisThrottle(client, prefix=f"{uuid4()}:")

    async def test_two_processes_share_a_bucket(self, redis_url: str) -> None:
        """rules: SIG-45"""
        bucket = str(uuid4())
        async with RedisThrottle.connect(redis_url) as one, RedisThrottle.connect(redis_url) as other:
            taken = [await one.take(bucket, 1, MINUTE, NOW), await other.take(bucket, 1, MINUTE, NOW)]

        assert taken == [None, MINUTE]


async def test_a_redis_that_is_away_grants() -> None:
    """rules: ARC-09"""
    async with RedisThrottle.connect(NOBODY_LISTENS) as throttle:
        assert await throttle.take("webhook", 1, MINUTE, NOW) is None
        assert await throttle.take("webhook", 1, MINUTE, NOW) is None


async def test_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: ARC-09"""
    monkeypatch.setattr(memory, "MOST_BUCKETS", 2)
    throttle = MemoryThrottle()
    for number in range(5):
        await throttle.take(str(number), 1, MINUTE, NOW + number * timedelta(hours=1))

    assert await throttle.take("4", 1, MINUTE, NOW + timedelta(hours=4)) == MINUTE
