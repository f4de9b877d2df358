"""The simulated venue as a service: the same promises over a socket, shared by several, and what a break means."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import (
    Always,
    Call,
    Delay,
    DropBefore,
    Failure,
    FaultPlan,
    LoseAnswer,
    Nth,
    Refuse,
)
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.remote import RemoteExchange
from cbc_adapters.exchange.simulated.service import served
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.ports.exchange import ReportState
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from tests.promises.exchange import ExchangePromises
from tests.promises.venue_bench import VenueBench
from tests.strategies.exchange import BTC, FIRST, PRICE, SECOND, START, entry, exchange_account, stop, target

SHORT = timedelta(milliseconds=200)


def venue_at_start(journal: Path | None = None) -> SimulatedVenue:
    venue = SimulatedVenue(DEMONSTRATION, journal_file=journal)
    venue.open_account(FIRST, Decimal(10_000), START)
    venue.set_price(BTC, PRICE, START)
    return venue


@asynccontextmanager
async def offered(path: Path, *failures: Failure, venue: SimulatedVenue | None = None) -> AsyncIterator[SimulatedVenue]:
    """A venue at a socket, with what goes wrong there."""
    here = venue or venue_at_start()
    async with served(SimulatedExchange(here, SteppedClock(START), faults=FaultPlan(failures)), path):
        yield here


@asynccontextmanager
async def connected(path: Path, patience: timedelta = timedelta(seconds=5)) -> AsyncIterator[RemoteExchange]:
    exchange = RemoteExchange(path, patience=patience)
    try:
        yield exchange
    finally:
        await exchange.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """In a directory whose name is longer than a socket's may be."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    return deep / "venue.sock"


class TestRemoteExchange(ExchangePromises):
    @pytest.fixture
    async def bench(self, path: Path) -> AsyncIterator[VenueBench]:
        venue, clock = venue_at_start(), SteppedClock(START)

        async def move(price: Decimal) -> None:
            venue.set_price(BTC, price, clock.advance(by=timedelta(seconds=1)))

        def deposit(amount: Decimal, at: datetime) -> None:
            venue.deposit(FIRST, amount, at)

        async with served(SimulatedExchange(venue, clock), path), connected(path) as exchange:
            yield VenueBench(exchange, exchange_account(), move, deposit)


async def test_what_one_process_buys_another_sees(path: Path) -> None:
    """rules: EXC-01"""
    async with offered(path), connected(path) as one, connected(path) as other:
        placed = await one.place(exchange_account(), entry(), [stop("46000"), target("48000")])

        found = await other.find(exchange_account(), BTC, "e1")
        with pytest.raises(VenueRefused) as again:
            await other.place(exchange_account(), entry())

    assert found == placed
    assert again.value.fault is Fault.DUPLICATE_ID
    assert again.value.detail == "DUPLICATE_ID: expected an unused client id, was 'e1'"


async def test_the_plan_of_what_goes_wrong_counts_the_calls_of_all(path: Path) -> None:
    """rules: BT-07"""
    refuse_second = Failure(Refuse(Fault.PERMISSION), Nth(frozenset({2})))
    async with offered(path, refuse_second), connected(path) as one, connected(path) as other:
        await one.place(exchange_account(), entry("e1", "0.01"))
        with pytest.raises(VenueRefused) as refusal:
            await other.place(exchange_account(), entry("e2", "0.01"))
        third = await one.place(exchange_account(), entry("e3", "0.01"))

    assert refusal.value.fault is Fault.PERMISSION
    assert third.state is ReportState.FILLED


async def test_a_call_that_got_lost_and_a_lost_answer_look_alike_until_one_asks(path: Path) -> None:
    """rules: ORD-04"""
    first_never_arrives = Failure(DropBefore(), account=FIRST)
    second_is_carried_out = Failure(LoseAnswer(), account=SECOND)
    async with offered(path, first_never_arrives, second_is_carried_out), connected(path) as exchange:
        for account in (FIRST, SECOND):
            with pytest.raises(OutcomeUnknown):
                await exchange.place(exchange_account(account), entry(quantity="0.01"))

        found = [await exchange.find(exchange_account(account), BTC, "e1") for account in (FIRST, SECOND)]

    assert [report is None for report in found] == [True, False]


async def test_a_call_without_an_answer_in_time_is_unknown_and_still_carried_out(path: Path) -> None:
    """rules: ORD-04"""
    late = Failure(Delay(SHORT * 2))
    async with offered(path, late) as venue, connected(path, patience=SHORT) as exchange:
        with pytest.raises(OutcomeUnknown):
            await exchange.place(exchange_account(), entry())
        before = venue.find(FIRST, "e1")
        await asyncio.sleep(SHORT.total_seconds() * 2)

        found = await exchange.find(exchange_account(), BTC, "e1")

    assert before is None
    assert found is not None and found.state is ReportState.FILLED


async def test_a_slow_call_holds_up_nobody_elses(path: Path) -> None:
    """rules: EXC-09"""
    slow_first = Failure(Delay(timedelta(seconds=60)), account=FIRST)
    async with offered(path, slow_first), connected(path) as exchange:
        slow = asyncio.create_task(exchange.place(exchange_account(), entry()))

        quick = await exchange.place(exchange_account(SECOND), entry(quantity="0.01"))
        readings = await exchange.readings([exchange_account(), exchange_account(SECOND)])
        slow.cancel()

    assert quick.state is ReportState.FILLED
    assert set(readings) == {FIRST, SECOND}


async def test_a_break_in_the_middle_of_a_call_is_unknown_and_the_next_call_connects_again(path: Path) -> None:
    """rules: ORD-04, EXC-09"""
    venue = venue_at_start()
    async with connected(path) as exchange:
        async with offered(path, Failure(Delay(timedelta(seconds=60))), venue=venue):
            call = asyncio.create_task(exchange.place(exchange_account(), entry()))
            await exchange.quote(exchange_account().venue, exchange_account().environment, BTC)
        with pytest.raises(OutcomeUnknown, match="broke"):
            await call

        async with offered(path, venue=venue):
            found = await exchange.find(exchange_account(), BTC, "e1")
            report = await exchange.place(exchange_account(), entry())

    assert found is None
    assert report.state is ReportState.FILLED


async def test_a_call_waits_for_a_venue_that_is_still_starting(path: Path) -> None:
    """rules: EXC-09"""
    async with connected(path) as exchange:
        early = asyncio.create_task(exchange.place(exchange_account(), entry()))
        await asyncio.sleep(0.05)

        async with offered(path):
            report = await early

    assert report.state is ReportState.FILLED


async def test_where_no_venue_answers_every_call_is_unknown(path: Path) -> None:
    """rules: ORD-04"""
    async with connected(path, patience=SHORT) as exchange:
        with pytest.raises(OutcomeUnknown):
            await exchange.place(exchange_account(), entry())
        with pytest.raises(OutcomeUnknown):
            await exchange.readings([exchange_account()])


async def test_a_report_goes_to_one_reader_and_to_another_when_that_one_is_gone(path: Path) -> None:
    """rules: POS-10"""
    async with offered(path), connected(path) as one, connected(path) as other:
        await one.place(exchange_account(), entry("e1", "0.01"))
        await one.place(exchange_account(), entry("e2", "0.01"))
        heard = await one.changes(1)
        rest = await other.changes(10)

        await one.close()
        await asyncio.sleep(0.05)
        again = await other.changes(10)

    assert [report.client_id for report in heard] == ["e1"]
    assert [report.client_id for report in rest] == ["e2"]
    assert again == heard


async def test_a_report_that_was_followed_by_the_next_question_is_not_told_again(path: Path) -> None:
    """rules: POS-10"""
    async with offered(path), connected(path) as one, connected(path) as other:
        await one.place(exchange_account(), entry())
        await one.changes(10)
        await one.changes(10)

        await one.close()
        await asyncio.sleep(0.05)

        assert await other.changes(10) == []


async def test_a_stranger_who_talks_nonsense_is_hung_up_on(path: Path) -> None:
    """rules: EXC-04"""
    async with offered(path), connected(path) as exchange:
        with socket.socket(socket.AF_UNIX) as stranger:
            directory = os.open(path.parent, os.O_RDONLY)
            stranger.connect(f"/proc/self/fd/{directory}/{path.name}")
            os.close(directory)
            stranger.sendall(b'{"number": 1, "call": {"type": "Rob"}}\n')
            answer = await asyncio.to_thread(stranger.recv, 100)

        report = await exchange.place(exchange_account(), entry())

    assert answer == b""
    assert report.state is ReportState.FILLED


async def test_an_account_that_cannot_be_read_is_left_out_here_too(path: Path) -> None:
    """rules: SIZ-02"""
    async with offered(path, Failure(DropBefore(), Always(), call=Call.READ, account=FIRST)), connected(path) as exchange:
        found = await exchange.readings([exchange_account(FIRST), exchange_account(SECOND)])

    assert set(found) == {SECOND}


BUYER = """
    import asyncio, sys
    from pathlib import Path
    from cbc_adapters.exchange.simulated.remote import RemoteExchange
    from tests.strategies.exchange import entry, exchange_account

    async def buy(path, name):
        exchange = RemoteExchange(Path(path))
        for number in range(1_000_000):
            await exchange.place(exchange_account(), entry(f"{name}{number}", "0.002"))
            print(number, flush=True)

    asyncio.run(buy(*sys.argv[1:]))
"""


async def test_several_processes_are_served_and_a_killed_one_disturbs_no_other(path: Path) -> None:
    """rules: EXC-01, ORD-04"""
    venue = SimulatedVenue(DEMONSTRATION)
    venue.open_account(FIRST, Decimal(1_000_000), START)
    venue.set_price(BTC, PRICE, START)
    command = [sys.executable, "-c", textwrap.dedent(BUYER), str(path)]
    async with offered(path, venue=venue):
        buyers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("a", "b")]
        said = [await asyncio.to_thread(_read, buyer, 20) for buyer in buyers]
        buyers[0].send_signal(signal.SIGKILL)
        said.append(await asyncio.to_thread(_read, buyers[1], 20))
        buyers[1].kill()
        for buyer in buyers:
            await asyncio.to_thread(buyer.communicate)

    bought = venue.accounts[FIRST].orders
    assert said == [list(range(20)), list(range(20)), list(range(20, 40))]
    assert {f"a{number}" for number in range(20)} | {f"b{number}" for number in range(40)} <= bought.keys()


def _read(buyer: subprocess.Popen[str], lines: int) -> list[int]:
    assert buyer.stdout is not None
    return [int(buyer.stdout.readline()) for _ in range(lines)]
