"""Bitget's lists, a page at a time, newest first."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

from cbc_adapters.exchange.ccxt.translate import Vendor

LARGEST: Final = 100
"""Rows of one page."""
MOST_PAGES: Final = 20
LONGEST_MS: Final = 30 * 24 * 3_600_000
"""Bills are told for thirty days at a time."""


async def every(
    call: Callable[[Mapping[str, object]], Awaitable[Vendor]], asked: Mapping[str, object], rows: str
) -> list[Vendor]:
    """All rows of a list, at most 20 pages of them."""
    told: list[Vendor] = []
    beyond: dict[str, object] = {}
    for _ in range(MOST_PAGES):
        data = (await call({**asked, "limit": str(LARGEST), **beyond}))["data"] or {}
        page = data.get(rows) or []
        told += page
        if len(page) < LARGEST or not data.get("endId"):
            break
        beyond = {"idLessThan": data["endId"]}
    return told


def windows(since_ms: int, until_ms: int) -> Iterator[dict[str, object]]:
    """The time from `since_ms` to `until_ms`, both included, in pieces that the venue answers."""
    start = since_ms
    while start <= until_ms:
        end = min(start + LONGEST_MS, until_ms + 1)
        yield {"startTime": start, "endTime": end}
        start = end + 1
