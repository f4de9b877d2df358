"""What following an account asks of its venue."""

import asyncio
from collections import Counter
from pathlib import Path
from time import monotonic

import pytest

from cbc_adapters.exchange.ccxt import streams
from cbc_adapters.exchange.ccxt.published import PUBLISHED
from cbc_adapters.exchange.simulated.faults import Call, FaultPlan, Harm
from cbc_adapters.exchange.simulated.venues.wires import WIRES
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Venue
from cbc_domain.trading.model import Leg
from tests.integration.exchange.venues.bench import PATIENCE_S, opened_desk
from tests.integration.exchange.venues.troubled import E1, S1, X1, troubled
from tests.strategies.exchange import BTC, SECOND, entry, exchange_account, leave, stop

A_WHILE_S = 0.5


class Recorded(FaultPlan):
    """Nothing goes wrong; mutable because it remembers the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[Call] = Counter()

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        self.calls[call] += 1
        return super().harms(call, account, ordinal, leg)


@pytest.mark.parametrize("name", list(WIRES), ids=str)
async def test_listening_asks_for_no_positions_that_nobody_paid_for(name: Venue, tmp_path: Path) -> None:
    """rules: EXC-08, KEY-08"""
    async with troubled(name, tmp_path) as venue:
        venue.house.plan = recorded = Recorded()

        await venue.listen()
        await asyncio.sleep(A_WHILE_S)

    assert recorded.calls.keys() <= {Call.PUBLIC, Call.OTHER}


@pytest.mark.parametrize("name", list(WIRES), ids=str)
async def test_of_what_a_call_has_told_a_stream_asks_nothing(name: Venue, tmp_path: Path) -> None:
    """rules: EXC-08, POS-10"""
    async with troubled(name, tmp_path) as venue:
        await venue.listen()
        venue.house.plan = recorded = Recorded()

        await venue.place(entry(E1))
        await venue.place(stop("46000", S1))
        by_the_calls = recorded.calls[Call.FIND]
        await asyncio.sleep(A_WHILE_S)
        by_the_stream = recorded.calls[Call.FIND] - by_the_calls
        await venue.move("45900")
        told = await venue.told(S1)

    assert by_the_stream == 0
    assert {report.client_id for report in told} == {S1}


@pytest.mark.parametrize("name", list(WIRES), ids=str)
async def test_of_what_a_call_has_cancelled_for_sure_a_stream_asks_nothing(name: Venue, tmp_path: Path) -> None:
    """rules: EXC-08, POS-10"""
    async with troubled(name, tmp_path) as venue:
        await venue.listen()
        await venue.place(entry(E1))
        await venue.place(stop("46000", S1))
        venue.house.plan = recorded = Recorded()

        ended = await venue.exchange.cancel(venue.account, BTC, S1)
        await asyncio.sleep(A_WHILE_S)

    assert ended or name in {Venue.OKX, Venue.BYBIT}
    assert recorded.calls[Call.FIND] == (0 if ended else 1)


async def test_what_a_stream_has_told_is_not_remembered_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: POS-10"""
    monkeypatch.setattr(streams, "MOST_TOLD", 2)
    async with troubled(Venue.BINANCE, tmp_path) as venue:
        await venue.listen()
        await venue.place(entry(E1))
        await venue.place(stop("46000", S1))
        await venue.place(leave(X1))

        assert list(venue.exchange._streams._told) == [S1, X1]


async def test_a_stream_does_not_wait_for_an_answer_that_never_comes(tmp_path: Path) -> None:
    """rules: ORD-04, POS-11"""
    never = asyncio.get_running_loop().create_future()
    async with troubled(Venue.BINANCE, tmp_path) as venue:
        await venue.listen()
        sending = asyncio.create_task(venue.exchange._streams.told_by(E1, never))
        await asyncio.sleep(0)

        venue.sent_elsewhere(entry(E1))
        told = await venue.told(E1)
        sending.cancel()

    assert {report.client_id for report in told} == {E1}


async def test_a_venue_is_asked_for_streams_no_faster_than_it_lets_anybody(tmp_path: Path) -> None:
    """rules: EXC-08"""
    other = exchange_account(SECOND, venue=Venue.BINANCE)
    async with opened_desk(Venue.BINANCE, tmp_path, beside=[other]) as desk:
        began = monotonic()
        await desk.exchange.follow([desk.account, other])
        async with asyncio.timeout(PATIENCE_S):
            while not all(desk.house.is_listened_to(one.id) for one in (desk.account, other)):
                await asyncio.sleep(0.01)

    assert monotonic() - began > PUBLISHED[Venue.BINANCE].stream_every_s


async def test_a_stream_is_opened_after_the_orders_that_are_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: POS-10, POS-11"""
    monkeypatch.setattr(streams, "ORDERS_FIRST_S", PATIENCE_S)
    answer = asyncio.get_running_loop().create_future()
    async with opened_desk(Venue.BINANCE, tmp_path) as desk:
        sending = asyncio.create_task(desk.exchange._streams.told_by(E1, answer))
        await desk.exchange.follow([desk.account])
        await asyncio.sleep(A_WHILE_S)
        opened_too_early = desk.house.is_listened_to(desk.account.id)
        sending.cancel()
        await desk.heard_by_venue()

    assert not opened_too_early


async def test_a_stream_waits_for_no_order_for_long(tmp_path: Path) -> None:
    """rules: POS-10"""
    never = asyncio.get_running_loop().create_future()
    async with opened_desk(Venue.BINANCE, tmp_path) as desk:
        sending = asyncio.create_task(desk.exchange._streams.told_by(E1, never))
        await desk.exchange.follow([desk.account])
        await desk.heard_by_venue()
        sending.cancel()


async def test_a_stream_takes_no_connection_away_from_the_calls(tmp_path: Path) -> None:
    async with opened_desk(Venue.BINANCE, tmp_path, connections=1) as desk:
        await desk.exchange.follow([desk.account])
        await desk.heard_by_venue()

        asked = (desk.exchange.open_orders(desk.account) for _ in range(2))
        answers = await asyncio.gather(*asked, return_exceptions=True)

    assert answers == [[], []]
