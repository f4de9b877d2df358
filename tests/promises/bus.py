"""What every bus promises."""

import asyncio
from collections.abc import AsyncIterator

from cbc_domain.ports.bus import Bus


async def hear(listening: AsyncIterator[str], bus: Bus, *published: str) -> str:
    """Publish until the listener hears something: wake-ups may be lost, so one is not always enough."""
    heard = asyncio.ensure_future(anext(listening))
    async with asyncio.timeout(5):
        while not heard.done():
            for topic in published:
                await bus.publish(topic)
            await asyncio.wait({heard}, timeout=0.02)
        return await heard


class BusPromises:
    """Inherit and give a `bus` fixture."""

    async def test_a_listener_is_woken_by_its_topic_alone(self, bus: Bus) -> None:
        """rules: ARC-09"""
        assert await hear(bus.listen("signals"), bus, "orders", "signals") == "signals"

    async def test_one_listener_hears_several_topics(self, bus: Bus) -> None:
        """rules: ARC-09"""
        listening = bus.listen("signals", "orders")

        assert await hear(listening, bus, "signals") == "signals"
        while await hear(listening, bus, "orders") != "orders":
            pass

    async def test_everybody_who_listens_is_woken(self, bus: Bus) -> None:
        """rules: ARC-09"""
        first, second = bus.listen("signals"), bus.listen("signals")

        heard = await asyncio.gather(*(hear(each, bus, "signals") for each in (first, second)))

        assert heard == ["signals", "signals"]

    async def test_publishing_to_nobody_is_no_error(self, bus: Bus) -> None:
        """rules: ARC-09"""
        await bus.publish("signals")
