"""How Bitget is asked for lists."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from cbc_adapters.exchange.ccxt.asking import Asked, Page, all_rows
from cbc_adapters.exchange.ccxt.translate import Vendor

LARGEST: Final = 100
"""Rows of one page."""

Call = Callable[[Mapping[str, object]], Awaitable[Vendor]]


async def pages(call: Call, asked: Asked, rows: str) -> list[Vendor]:
    """All rows of a list, newest first."""

    async def page(further: Asked) -> Page:
        data = (await call({**asked, "limit": str(LARGEST), **further}))["data"] or {}
        told = data.get(rows) or []
        last = len(told) < LARGEST or not data.get("endId")
        return told, None if last else {"idLessThan": data["endId"]}

    return await all_rows(page)
