"""How a venue is asked for what one answer does not tell: refusals that are as good as done, pages, windows of time."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import ccxt as vendor

from cbc_adapters.exchange.ccxt.errors import code_of
from cbc_adapters.exchange.ccxt.translate import Vendor

MOST_PAGES: Final = 20
"""A list is read no further, so that an answer which goes in a circle comes to an end."""

T = TypeVar("T")
Asked = Mapping[str, object]
Page = tuple[Sequence[Vendor], Asked | None]
"""Rows, and what has to be asked beside the rest for those that follow; None after the last."""


async def answer_unless(fine: frozenset[str], answer: Awaitable[T]) -> T | None:
    """The answer, or None when the venue refuses with one of these codes; other errors of ccxt are raised."""
    try:
        return await answer
    except vendor.BaseError as error:
        if code_of(error) not in fine:
            raise
        return None


async def all_rows(page: Callable[[Asked], Awaitable[Page]]) -> list[Vendor]:
    """The rows of a list, page after page, at most 20 of them; `page` is called with where to go on, empty at first."""
    told: list[Vendor] = []
    further: Asked = {}
    for _ in range(MOST_PAGES):
        rows, following = await page(further)
        told += rows
        if following is None:
            break
        further = following
    return told


def windows(since_ms: int, until_ms: int, longest_ms: int) -> Iterator[tuple[int, int]]:
    """The time between two instants, both included, in pieces that a venue answers; one begins a millisecond after another."""
    start = since_ms
    while start <= until_ms:
        end = min(start + longest_ms, until_ms)
        yield start, end
        start = end + 1
