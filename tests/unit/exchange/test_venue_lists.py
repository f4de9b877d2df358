"""How long lists and long times are asked for at any venue."""

from collections.abc import Mapping, Sequence

import ccxt as vendor
import pytest

from cbc_adapters.exchange.ccxt.asking import MOST_PAGES, Asked, Page, all_rows, answer_unless, windows

GONE = frozenset({"110001"})


async def refusing(code: str) -> str:
    raise vendor.ExchangeError(f'bybit {{"retCode":{code},"retMsg":"no"}}')


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (0, 0, [(0, 0)]),
        (0, 10, [(0, 10)]),
        (0, 21, [(0, 10), (11, 21)]),
        (0, 22, [(0, 10), (11, 21), (22, 22)]),
        (5, 4, []),
    ],
)
def test_long_times_are_asked_for_in_pieces_without_a_gap(since: int, until: int, expected: Sequence[tuple[int, int]]) -> None:
    """rules: COM-05"""
    assert list(windows(since, until, 10)) == expected


async def test_a_list_is_read_to_its_end() -> None:
    """rules: COM-05"""
    pages: Mapping[object, Page] = {
        None: ([{"row": 1}, {"row": 2}], {"after": "2"}),
        "2": ([{"row": 3}], None),
    }

    async def page(further: Asked) -> Page:
        return pages[further.get("after")]

    assert await all_rows(page) == [{"row": 1}, {"row": 2}, {"row": 3}]


async def test_a_list_that_goes_in_a_circle_comes_to_an_end() -> None:
    """rules: EXC-09"""

    async def page(further: Asked) -> Page:
        return [{"row": 1}], {"after": "1"}

    assert len(await all_rows(page)) == MOST_PAGES


async def test_a_refusal_that_is_as_good_as_done_is_no_answer_and_others_are_raised() -> None:
    """rules: EXC-02"""
    done = await answer_unless(GONE, refusing("110001"))

    with pytest.raises(vendor.ExchangeError):
        await answer_unless(GONE, refusing("110007"))

    assert done is None
