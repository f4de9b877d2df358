"""Wake-ups between processes by Redis pub/sub."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PATIENCE_S: Final = 1.0
"""How long a publisher waits for a hint to be taken, and a listener before it tries a lost connection again."""

QUIET_S: Final = 5.0
"""How long a listener waits on a silent connection before it looks whether it is still there."""

MOST_CONNECTIONS: Final = 20

AWAY: Final = (RedisError, OSError, TimeoutError)


class RedisBus:
    """Publish and listen; a Redis that is away loses wake-ups and raises nothing (ARC-09)."""

    def __init__(self, client: Redis, prefix: str = "cbc:bus:") -> None:
        self._client = client
        self._prefix = prefix

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[Self]:
        """Connect lazily, and disconnect at the end. Each listener holds one connection of the pool."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=PATIENCE_S,
            socket_timeout=PATIENCE_S,
            socket_connect_timeout=PATIENCE_S,
            health_check_interval=QUIET_S,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        async with Redis.from_pool(pool) as client:
            yield cls(client)

    async def publish(self, topic: str) -> None:
        try:
            await self._client.publish(self._prefix + topic, "")
        except AWAY:
            return

    async def listen(self, *topics: str) -> AsyncIterator[str]:
        """Listen from the first step on; a lost connection gives every topic once, as one may have been missed."""
        was_away = False
        while True:
            try:
                async with self._client.pubsub() as subscription:
                    await subscription.subscribe(*(self._prefix + topic for topic in topics))
                    for topic in topics if was_away else ():
                        yield topic
                    was_away = False
                    while True:
                        message = await subscription.get_message(ignore_subscribe_messages=True, timeout=QUIET_S)
                        if message is not None:
                            yield str(message["channel"]).removeprefix(self._prefix)
            except AWAY:
                was_away = True
                await asyncio.sleep(PATIENCE_S)
