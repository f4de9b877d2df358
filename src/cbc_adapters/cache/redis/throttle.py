"""Token buckets in Redis, shared by all processes; one Lua script takes a token, so that no two take the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

PATIENCE_S: Final = 0.5
"""How long a caller may wait for a store that only counts."""

MOST_CONNECTIONS: Final = 20

TAKE: Final = """
local interval, capacity, moment = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known = tonumber(redis.call('GET', KEYS[1]) or '0')
-- No bucket can be emptier than empty: the clock was put back since, and what it said then is forgotten.
if known <= moment or known > moment + interval * capacity then
    known = moment
end
local full_at = known + interval
local wait = full_at - moment - interval * capacity
if wait > 0 then
    return string.format('%.0f', wait)
end
local life = string.format('%.0f', (full_at - moment) / 1000 + 60000)
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', life)
return '0'
"""
"""All numbers are whole microseconds and below 2**53, so that Lua's floating point holds them exactly."""


class RedisThrottle:
    """Take tokens as the memory adapter does; a Redis that is away grants everything (ARC-09)."""

    def __init__(self, client: Redis, prefix: str = "cbc:throttle:") -> None:
        self._client = client
        self._prefix = prefix
        self._take = client.register_script(TAKE)

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[Self]:
        """Connect lazily, and disconnect at the end; a caller waits for a free connection instead of failing."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=PATIENCE_S,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            retry=Retry(NoBackoff(), 0),
        )
        async with Redis.from_pool(pool) as client:
            yield cls(client)

    async def take(self, bucket: str, capacity: int, per: timedelta, now: datetime) -> timedelta | None:
        interval = per // MICROSECOND // capacity
        arguments = [interval, capacity, (now - EPOCH) // MICROSECOND]
        try:
            answer = await self._take(keys=[self._prefix + bucket], args=arguments)
        except (RedisError, OSError, TimeoutError):
            return None
        return int(answer) * MICROSECOND or None
