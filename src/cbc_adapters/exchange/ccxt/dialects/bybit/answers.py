"""How Bybit is asked for lists, and what its refusals of orders mean."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import ccxt as vendor

from cbc_adapters.exchange.ccxt.asking import Asked, Page, all_rows, answer_unless
from cbc_adapters.exchange.ccxt.dialects.bybit.faults import worded
from cbc_adapters.exchange.ccxt.translate import Vendor

LARGEST: Final = {"instruments": 1000, "positions": 200, "executions": 100, "profits": 100, "orders": 50, "log": 50}
"""Rows of one page, by what is asked for."""

Call = Callable[[Mapping[str, object]], Awaitable[Any]]


async def pages(call: Call, asked: Asked, size: int) -> list[Vendor]:
    async def page(further: Asked) -> Page:
        told = (await call({**asked, "limit": size, **further}))["result"]
        # There is a cursor even after the last page, so that a short page is the end as well.
        last = len(told["list"]) < size or not told.get("nextPageCursor")
        return told["list"], None if last else {"cursor": told["nextPageCursor"]}

    return await all_rows(page)


async def ordered(answer: Awaitable[Vendor], fine: frozenset[str] = frozenset()) -> bool:
    """Whether it was taken; codes that are `fine` say no. Raises what a wrong parameter means by its words (`worded`)."""
    try:
        return await answer_unless(fine, answer) is not None
    except vendor.BaseError as error:
        raise worded(error) from None
