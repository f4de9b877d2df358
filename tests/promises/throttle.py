"""What every throttle promises."""

import asyncio
from datetime import UTC, datetime, timedelta

from cbc_domain.ports.cache import Throttle

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class ThrottlePromises:
    """Inherit and give a `throttle` fixture whose buckets are all full."""

    async def test_a_full_bucket_grants_its_capacity_at_once_and_then_says_how_long_to_wait(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        granted = [await throttle.take("webhook", 3, MINUTE, NOW) for _ in range(3)]

        assert granted == [None, None, None]
        assert await throttle.take("webhook", 3, MINUTE, NOW) == timedelta(seconds=20)

    async def test_tokens_come_back_evenly(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        for _ in range(3):
            await throttle.take("webhook", 3, MINUTE, NOW)
        later = NOW + timedelta(seconds=20)

        assert await throttle.take("webhook", 3, MINUTE, later - timedelta(microseconds=1)) == timedelta(microseconds=1)
        assert await throttle.take("webhook", 3, MINUTE, later) is None
        assert await throttle.take("webhook", 3, MINUTE, later) == timedelta(seconds=20)

    async def test_a_refusal_takes_nothing(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        for _ in range(10):
            await throttle.take("webhook", 1, MINUTE, NOW)

        assert await throttle.take("webhook", 1, MINUTE, NOW + MINUTE) is None

    async def test_a_rested_bucket_holds_no_more_than_its_capacity(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        await throttle.take("webhook", 2, MINUTE, NOW)
        later = NOW + timedelta(days=1)

        taken = [await throttle.take("webhook", 2, MINUTE, later) for _ in range(3)]

        assert taken == [None, None, timedelta(seconds=30)]

    async def test_a_clock_that_is_put_back_refuses_nobody_for_longer_than_the_bucket_takes(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        ahead = NOW + timedelta(hours=1)
        for _ in range(4):
            await throttle.take("webhook", 3, MINUTE, ahead)

        taken = [await throttle.take("webhook", 3, MINUTE, NOW) for _ in range(4)]

        assert taken == [None, None, None, timedelta(seconds=20)]

    async def test_buckets_do_not_share_tokens(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        await throttle.take("opens", 1, MINUTE, NOW)

        assert await throttle.take("closes", 1, MINUTE, NOW) is None

    async def test_a_hundred_takers_at_once_get_exactly_the_capacity(self, throttle: Throttle) -> None:
        """rules: SIG-45"""
        taken = await asyncio.gather(*(throttle.take("webhook", 30, MINUTE, NOW) for _ in range(100)))

        assert taken.count(None) == 30
