"""Bitget's private stream: plain and plan orders come in channels of their own."""

import asyncio
from collections.abc import Callable
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Client
from cbc_adapters.exchange.ccxt.dialects.bitget.translate import PRODUCT
from cbc_domain.kernel.venues import Symbol

STANDS: Final = "live"
"""The answer to placing an order said so already; looking it up for that would use up what the venue lets an account ask."""


async def listen(client: Client, tell: Callable[[Symbol, str], None]) -> None:
    """Tell of both kinds of orders, once more has become of them than that they stand, until the stream fails."""
    async with asyncio.TaskGroup() as both:
        both.create_task(_follow(client, "orders", "order", tell))
        both.create_task(_follow(client, "orders-algo", "triggerOrder", tell))


async def _follow(client: Client, channel: str, topic: str, tell: Callable[[Symbol, str], None]) -> None:
    asked = {"instType": PRODUCT["productType"], "channel": channel, "instId": "default"}
    while True:
        # watch_orders would wait for a topic that messages of both channels answer, and none of the plan orders its own.
        orders = await client.watch_private(False, topic, f"{channel}:{asked['instType']}", asked)
        fresh = orders.getLimit(None, None)
        for order in orders[len(orders) - fresh :]:
            raw = order["info"]
            if raw["status"] != STANDS:
                tell(Symbol(raw["instId"]), str(raw["clientOid"]))
