"""What a private stream does to the news of an account."""

import asyncio
from collections.abc import Sequence

import pytest

from cbc_adapters.exchange.simulated.faults import Disorder
from cbc_adapters.exchange.simulated.venues.listeners import CUT, Listeners
from cbc_domain.ports.exchange import Report, ReportState
from tests.strategies.exchange import FIRST, SECOND, START


def report(name: str) -> Report:
    return Report(FIRST, name, f"SIM-1-{name}", ReportState.LIVE, (), START)


def heard(queue: "asyncio.Queue[Report]") -> str:
    return "".join(queue.get_nowait().client_id for _ in range(queue.qsize()))


@pytest.mark.parametrize(
    ("disorder", "told", "expected"),
    [
        (Disorder(), "1234", "1234"),
        (Disorder(repeat_every=2), "1234", "122344"),
        (Disorder(swap_every=2), "1234", "2143"),
        (Disorder(swap_every=3), "1234", "1324"),
        (Disorder(lose_every=3), "1234", "124"),
        (Disorder(lose_every=1), "1234", ""),
        (Disorder(cut_every=3), "1234", "12"),
    ],
    ids=str,
)
async def test_news_come_in_the_disorder_that_was_asked_for(disorder: Disorder, told: Sequence[str], expected: str) -> None:
    """rules: POS-10"""
    listeners = Listeners()

    with listeners.listening(FIRST) as queue:
        for name in told:
            listeners.tell(report(name), disorder)

        assert heard(queue) == expected


async def test_news_that_nothing_overtakes_come_all_the_same() -> None:
    """rules: POS-10"""
    listeners = Listeners()

    with listeners.listening(FIRST) as queue:
        listeners.tell(report("1"), Disorder(swap_every=2))
        at_once = heard(queue)
        async with asyncio.timeout(5):
            late = await queue.get()

    assert at_once == ""
    assert late == report("1")


async def test_a_cut_reaches_the_connections_of_one_account_alone() -> None:
    """rules: POS-10"""
    listeners, died = Listeners(), list[str]()

    CUT.set(lambda: died.append("first"))
    with listeners.listening(FIRST):
        CUT.set(lambda: died.append("second"))
        with listeners.listening(SECOND):
            listeners.cut(FIRST)
            listens = (listeners.hear_of(FIRST), listeners.hear_of(SECOND))

    assert died == ["first"]
    assert listens == (0, 1)
