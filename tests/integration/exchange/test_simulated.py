"""The simulated venue behind the exchange port keeps the promises, fails as planned and survives its process."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import (
    Always,
    Call,
    Delay,
    Disorder,
    DropBefore,
    Failure,
    FaultPlan,
    FillPart,
    LoseAnswer,
    Nth,
    OneIn,
    Refuse,
)
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Report, ReportState
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.trading.model import Leg
from tests.promises.exchange import ExchangePromises
from tests.promises.venue_bench import VenueBench
from tests.strategies.exchange import BTC, FIRST, PRICE, SECOND, START, entry, exchange_account, stop, target


def venue_at(price: Decimal = PRICE) -> SimulatedVenue:
    venue = SimulatedVenue(DEMONSTRATION)
    venue.open_account(FIRST, Decimal(10_000), START)
    venue.set_price(BTC, price, START)
    return venue


def failing(*failures: Failure, disorder: Disorder | None = None) -> SimulatedExchange:
    return SimulatedExchange(venue_at(), SteppedClock(START), faults=FaultPlan(failures, disorder))


class TestSimulatedExchange(ExchangePromises):
    @pytest.fixture
    def bench(self) -> VenueBench:
        venue, clock = venue_at(), SteppedClock(START)

        async def move(price: Decimal) -> None:
            venue.set_price(BTC, price, clock.advance(by=timedelta(seconds=1)))

        def deposit(amount: Decimal, at: datetime) -> None:
            venue.deposit(FIRST, amount, at)

        return VenueBench(SimulatedExchange(venue, clock), exchange_account(), move, deposit)


async def test_an_order_whose_answer_was_lost_is_found_and_not_bought_twice() -> None:
    """rules: ORD-04"""
    exchange = failing(Failure(LoseAnswer()))
    with pytest.raises(OutcomeUnknown):
        await exchange.place(exchange_account(), entry())

    found = await exchange.find(exchange_account(), BTC, "e1")
    with pytest.raises(VenueRefused) as again:
        await exchange.place(exchange_account(), entry())

    assert found is not None
    assert found.state is ReportState.FILLED
    assert again.value.fault is Fault.DUPLICATE_ID


async def test_an_order_that_never_arrived_can_be_sent_again() -> None:
    """rules: ORD-04"""
    exchange = failing(Failure(DropBefore()))
    with pytest.raises(OutcomeUnknown):
        await exchange.place(exchange_account(), entry())

    found = await exchange.find(exchange_account(), BTC, "e1")
    report = await exchange.place(exchange_account(), entry())

    assert found is None
    assert report.state is ReportState.FILLED


async def test_a_lost_answer_hides_a_refusal_too() -> None:
    """rules: ORD-04"""
    exchange = failing(Failure(LoseAnswer()))

    with pytest.raises(OutcomeUnknown):
        await exchange.place(exchange_account(), entry(quantity="100"))

    assert await exchange.find(exchange_account(), BTC, "e1") is None


async def test_a_key_without_trade_permission_is_refused_each_time() -> None:
    """rules: EXC-04"""
    exchange = failing(Failure(Refuse(Fault.PERMISSION), Always(), account=FIRST))

    for client_id in ("e1", "e2"):
        with pytest.raises(VenueRefused) as refusal:
            await exchange.place(exchange_account(), entry(client_id))
        assert refusal.value.fault is Fault.PERMISSION
    assert (await exchange.place(exchange_account(SECOND), entry(quantity="0.01"))).state is ReportState.FILLED


async def test_a_refused_stop_leaves_the_entry_with_its_target_alone() -> None:
    """rules: ORD-10"""
    exchange = failing(Failure(Refuse(Fault.UNKNOWN), Nth(frozenset({1})), leg=Leg.STOP))

    await exchange.place(exchange_account(), entry(), [stop("46000"), target("48000")])

    assert await exchange.find(exchange_account(), BTC, "s1") is None
    assert await exchange.find(exchange_account(), BTC, "t1") is not None
    assert (await exchange.place(exchange_account(), stop("46000"))).state is ReportState.LIVE


async def test_an_entry_may_fill_in_part() -> None:
    """rules: ORD-08"""
    exchange = failing(Failure(FillPart(Decimal("0.4")), leg=Leg.ENTRY))

    report = await exchange.place(exchange_account(), entry())

    assert report.state is ReportState.PARTIALLY_FILLED
    assert report.fills[0].quantity == Decimal("0.04")


async def test_a_delayed_call_is_carried_out_after_its_delay() -> None:
    """rules: EXC-09"""
    slept: list[timedelta] = []

    async def sleep(time: timedelta) -> None:
        slept.append(time)

    plan = FaultPlan([Failure(Delay(timedelta(seconds=3)))])
    exchange = SimulatedExchange(venue_at(), SteppedClock(START), faults=plan, sleep=sleep)

    report = await exchange.place(exchange_account(), entry())

    assert slept == [timedelta(seconds=3)]
    assert report.state is ReportState.FILLED


async def test_an_account_that_cannot_be_read_is_left_out() -> None:
    """rules: SIZ-02"""
    exchange = failing(Failure(DropBefore(), Always(), call=Call.READ, account=FIRST))

    found = await exchange.readings([exchange_account(FIRST), exchange_account(SECOND)])

    assert set(found) == {SECOND}
    assert found[SECOND].equity == Decimal(1000)


async def test_an_unknown_account_is_refused_when_nobody_opens_it() -> None:
    """rules: EXC-04"""
    exchange = SimulatedExchange(venue_at(), SteppedClock(START), opening_balance=None)

    with pytest.raises(VenueRefused) as refusal:
        await exchange.place(exchange_account(SECOND), entry())

    assert refusal.value.fault is Fault.AUTH
    assert await exchange.readings([exchange_account(SECOND)]) == {}


async def outcomes(accounts: Sequence[AccountId], prefix: str) -> list[str]:
    """What becomes of ten orders of each account under a seeded plan."""
    plan = FaultPlan([Failure(Refuse(Fault.RATE_LIMIT), OneIn(3, seed=7)), Failure(LoseAnswer(), OneIn(5, seed=7))])
    exchange = SimulatedExchange(venue_at(), SteppedClock(START), faults=plan)
    for each in accounts:
        await exchange.readings([exchange_account(each)])
    found = []
    for number in range(10):
        for each in accounts:
            try:
                ticket = entry(f"{prefix}{number}", "0.002")
                found.append((await exchange.place(exchange_account(each), ticket)).state.value)
            except (VenueRefused, OutcomeUnknown) as error:
                found.append(error.fault.value)
    return found


async def test_a_seeded_plan_does_not_depend_on_ids() -> None:
    """rules: BT-07"""
    one = await outcomes([FIRST, SECOND], "a")
    other = await outcomes([FIRST, AccountId(UUID(int=77))], "b")

    assert one == other
    assert set(one) == {"FILLED", "RATE_LIMIT", "NETWORK"}
    assert one[0::2] != one[1::2]


async def test_reports_come_repeated_reordered_and_some_never() -> None:
    """rules: POS-10"""
    exchange = failing(disorder=Disorder(repeat_every=2, swap_every=3, lose_every=5))
    for number in range(1, 7):
        await exchange.place(exchange_account(), entry(f"e{number}", "0.002"))

    told: list[Report] = []
    while batch := await exchange.changes(4):
        told.extend(batch)

    assert [report.client_id for report in told] == ["e1", "e2", "e3", "e2", "e4", "e4", "e6", "e6"]


KILLED = """
    import sys
    from datetime import UTC, datetime
    from decimal import Decimal
    from pathlib import Path
    from uuid import UUID
    from cbc_adapters.exchange.simulated.engine import SimulatedVenue
    from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
    from cbc_domain.kernel.ids import AccountId
    from cbc_domain.kernel.venues import Side, Symbol
    from cbc_domain.ports.exchange import Ticket
    from cbc_domain.trading.model import Leg

    at, account = datetime(2026, 3, 2, tzinfo=UTC), AccountId(UUID(int=1))
    venue = SimulatedVenue(DEMONSTRATION, journal_file=Path(sys.argv[1]))
    venue.open_account(account, Decimal(1_000_000), at)
    venue.set_price(Symbol("BTCUSDT"), Decimal(47_000), at)
    for number in range(1_000_000):
        ticket = Ticket(f"e{number}", Symbol("BTCUSDT"), Side.LONG, Leg.ENTRY, Decimal("0.002"), leverage=50)
        venue.place(account, ticket, at)
        print(ticket.client_id, flush=True)
"""


def test_every_answered_order_survives_a_killed_process(tmp_path: Path) -> None:
    """rules: ORD-04"""
    file = tmp_path / "venue.jsonl"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(200)]
        os.kill(process.pid, signal.SIGKILL)
        answered += [line.strip() for line in process.stdout if line.endswith("\n")]

    with closing(SimulatedVenue(DEMONSTRATION, journal_file=file)) as venue:
        orders = venue.accounts[FIRST].orders

    assert len(answered) >= 200
    assert orders.keys() >= set(answered)
    assert len(orders) - len(answered) in {0, 1}


def test_two_processes_cannot_keep_one_venue(tmp_path: Path) -> None:
    """rules: EXC-01"""
    first = SimulatedVenue(DEMONSTRATION, journal_file=tmp_path / "venue.jsonl")

    with pytest.raises(Unavailable) as refusal:
        SimulatedVenue(DEMONSTRATION, journal_file=tmp_path / "venue.jsonl")
    first.close()

    assert refusal.value.code == "venue_journal_in_use"
    SimulatedVenue(DEMONSTRATION, journal_file=tmp_path / "venue.jsonl").close()


def test_a_damaged_journal_is_named_by_line(tmp_path: Path) -> None:
    """rules: GEN-12"""
    (tmp_path / "venue.jsonl").write_text('{"do": "Rob"}\n')

    with pytest.raises(Unavailable, match="line 1") as refusal:
        SimulatedVenue(DEMONSTRATION, journal_file=tmp_path / "venue.jsonl")

    assert refusal.value.code == "venue_journal_unreadable"


async def test_the_price_of_a_moment_ago_is_remembered_for_a_minute() -> None:
    """rules: ORD-06"""
    venue, clock = venue_at(), SteppedClock(START)
    exchange = SimulatedExchange(venue, clock)
    where = (exchange_account().venue, exchange_account().environment, BTC)
    venue.set_price(BTC, Decimal(47_100), clock.advance(by=timedelta(seconds=4)))
    clock.advance(by=timedelta(seconds=1))

    now, earlier = await exchange.quote(*where), await exchange.quote(*where, ago=timedelta(seconds=5))

    assert now is not None and now.price == Decimal(47_100)
    assert earlier is not None and earlier.price == PRICE
    assert await exchange.quote(*where, ago=timedelta(seconds=6)) is None


async def test_a_thousand_orders_take_less_than_a_second(tmp_path: Path) -> None:
    """rules: OPS-12"""
    venue = SimulatedVenue(DEMONSTRATION, journal_file=tmp_path / "venue.jsonl")
    venue.set_price(BTC, PRICE, START)
    exchange = SimulatedExchange(venue, SteppedClock(START), opening_balance=Decimal(1_000_000))
    began = time.process_time()

    for number in range(1_000):
        account = exchange_account(AccountId(UUID(int=number % 50 + 1)))
        protection = [stop("46000", f"s{number}"), target("48000", f"t{number}")]
        await exchange.place(account, entry(f"e{number}", "0.002"), protection)

    assert time.process_time() - began < 1
    venue.close()
