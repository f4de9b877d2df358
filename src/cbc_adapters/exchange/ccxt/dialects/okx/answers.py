"""What an answer of OKX says: its rows, and whether each of them was done (EXC-05)."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import ccxt as vendor

from cbc_adapters.exchange.ccxt.asking import Asked, Page, all_rows, answer_unless
from cbc_adapters.exchange.ccxt.dialects.okx.faults import GONE, PARAMETER
from cbc_adapters.exchange.ccxt.errors import code_of
from cbc_adapters.exchange.ccxt.translate import Vendor
from cbc_domain.ports.venue_faults import Fault, VenueRefused

LARGEST: Final = 100
"""Rows of one page."""

Call = Callable[[Any], Awaitable[Vendor]]


def rows(told: Vendor) -> list[Any]:
    """The rows of an answer. Raises ccxt's ExchangeError when one of them has a code of its own that is no success.

    ccxt raises for the code of the whole; an answer may say "0" or "2" and yet hold a row that was refused.
    """
    for row in told["data"]:
        if isinstance(row, dict) and row.get("sCode", "0") != "0":
            raise vendor.ExchangeError(f"okx {json.dumps(row)}")
    return list(told["data"])


def only(told: Vendor) -> Vendor:
    """The one row of an answer. Raises OrderNotFound when there is none, which OKX says with a code or with nothing."""
    found = rows(told)
    if not found:
        raise vendor.OrderNotFound('okx {"code":"51603"}')
    return dict(found[0])


async def ordered(call: Call, asked: Mapping[str, object]) -> Vendor:
    """The row of what was ordered and taken. Raises VenueRefused POSITION_MODE where the code alone would not say so."""
    try:
        return only(await call(dict(asked)))
    except vendor.BaseError as error:
        if code_of(error) == PARAMETER and "posSide" in str(error):
            raise VenueRefused(Fault.POSITION_MODE, f"okx {PARAMETER}: expected another posSide in this mode") from None
        raise


async def cancelled(call: Call, asked: object) -> None:
    """Raises unless the order was cancelled, or is gone already; either may be said of the row alone."""

    async def taken() -> list[Any]:
        return rows(await call(asked))

    await answer_unless(GONE, taken())


async def pages(call: Call, asked: Mapping[str, str]) -> list[Vendor]:
    """All fills or bills that are asked for, newest first."""

    async def page(further: Asked) -> Page:
        told = rows(await call({**asked, "limit": str(LARGEST), **further}))
        return told, None if len(told) < LARGEST else {"after": told[-1]["billId"]}

    return await all_rows(page)
