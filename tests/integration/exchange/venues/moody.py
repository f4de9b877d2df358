"""A venue that answers as it is told to, and counts what arrived."""

import asyncio
from collections import Counter
from collections.abc import Mapping

from cbc_adapters.exchange.simulated.venues.binance import BinanceWire
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import WireAnswer, WireCall

TOO_MANY = {"code": -1003, "msg": "Too many requests"}
DOWN = WireAnswer({"msg": "Service unavailable"}, 503)


class MoodyWire(BinanceWire):
    """Binance that answers as it is told to instead; mutable because its moods change and it counts what arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.instead: dict[str, WireAnswer] = {}
        self.headers: Mapping[str, str] = {}
        self.arrived: Counter[str] = Counter()
        self.until: dict[str, asyncio.Event] = {}
        self.next_waits: dict[str, asyncio.Event] = {}
        """Of each path the next call alone."""

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        self.arrived[call.path] += 1
        if awaited := self.next_waits.pop(call.path, None) or self.until.get(call.path):
            await awaited.wait()
        if mood := self.instead.get(call.path, self.instead.get("*")):
            return mood
        true = await super().answer(call, house)
        return WireAnswer(true.body, true.status, self.headers or true.headers)
