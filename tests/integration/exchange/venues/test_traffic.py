"""What a venue's complaints, silence and clock do to the calls that follow: unmodified ccxt against a loopback venue."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from cbc_adapters.exchange.ccxt.adapter import CcxtExchange
from cbc_adapters.exchange.ccxt.breaker import FAILURES
from cbc_adapters.exchange.ccxt.hedged import SLOW_S
from cbc_adapters.exchange.simulated.venues.bybit import BybitWire
from cbc_adapters.exchange.simulated.venues.house import House
from cbc_adapters.exchange.simulated.venues.wire import WireAnswer, WireCall
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.ports.exchange import ReportState, VenueStanding
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from tests.integration.exchange.venues.bench import GIVEN, opened_desk
from tests.integration.exchange.venues.moody import DOWN, TOO_MANY, MoodyWire
from tests.strategies.exchange import BTC, entry, leave

MARKET = (Venue.BINANCE, Environment.LIVE)
HALF_PAST = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
"""Far from the hours at which funding falls due."""


@attrs.frozen
class Bench:
    """An account at a moody venue, and the real adapter."""

    exchange: CcxtExchange
    wire: MoodyWire
    house: House
    account: ExchangeAccount

    async def enter(self, client_id: str) -> ReportState:
        return (await self.exchange.place(self.account, entry(client_id, "0.01"))).state

    async def leave(self, client_id: str) -> ReportState:
        return (await self.exchange.place(self.account, leave(client_id, "0.01"))).state

    async def standing(self) -> VenueStanding:
        (standing,) = await self.exchange.standings()
        return standing

    async def hangs_up_often(self) -> None:
        """As many failures as open the breaker."""
        self.wire.instead["*"] = DOWN
        for _ in range(FAILURES):
            with pytest.raises(OutcomeUnknown):
                await self.exchange.holding(self.account, BTC, Side.LONG)
        self.wire.arrived.clear()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    wire = MoodyWire()
    async with opened_desk(Venue.BINANCE, tmp_path, wire=wire) as desk:
        await desk.exchange.instrument(*MARKET, BTC)
        yield Bench(desk.exchange, wire, desk.house, desk.account)


async def test_after_a_429_nothing_is_sent_until_the_venue_wants_to_hear_again(bench: Bench) -> None:
    """rules: EXC-08, PRI-07"""
    bench.wire.instead["/fapi/v1/order"] = WireAnswer(TOO_MANY, 429, {"Retry-After": "30"})
    with pytest.raises(OutcomeUnknown):
        await bench.enter("e1")
    bench.wire.instead.clear()
    bench.wire.arrived.clear()

    with pytest.raises(VenueRefused) as opening:
        await bench.enter("e2")
    with pytest.raises(VenueRefused) as closing:
        await bench.leave("x1")

    assert {opening.value.fault, closing.value.fault} == {Fault.RATE_LIMIT}
    assert not bench.wire.arrived
    assert (await bench.standing()).until is not None


@pytest.mark.parametrize("body", [{}, [], [[]], None, "soon", 7, {"orderId": {}, "clientOrderId": []}], ids=str)
async def test_an_answer_that_nobody_can_read_is_none(bench: Bench, body: object, caplog: pytest.LogCaptureFixture) -> None:
    """rules: ORD-01, ORD-04, KEY-08

    In seed 138 of the campaign at the venues a fault below ccxt kept tasks from everybody for as long as their lease.
    """
    bench.wire.instead["/fapi/v1/order"] = WireAnswer(body)

    with pytest.raises(OutcomeUnknown) as entered:
        await bench.enter("e1")
    with pytest.raises(OutcomeUnknown):
        await bench.exchange.find(bench.account, BTC, "e1")
    bench.wire.instead.clear()

    assert await bench.enter("e2") is ReportState.FILLED
    assert not any(secret in entered.value.detail + caplog.text for secret in ("signature", GIVEN.key, GIVEN.secret))


async def test_when_the_venue_wants_to_hear_again_an_open_goes_at_once(bench: Bench) -> None:
    """rules: EXC-08"""
    bench.wire.instead["/fapi/v1/order"] = WireAnswer(TOO_MANY, 429, {"Retry-After": "1"})
    with pytest.raises(OutcomeUnknown):
        await bench.enter("e1")
    bench.wire.instead.clear()

    await asyncio.sleep(1)
    opened = await bench.enter("e2")

    assert opened is ReportState.FILLED


async def test_while_the_rules_are_asked_for_anew_orders_go_on_by_the_old_ones(bench: Bench) -> None:
    """rules: SIZ-07, POS-11

    In seed 6 of the campaign at the venues every order of a venue waited 1 s for its list of symbols after one was refused.
    """
    bench.wire.instead["/fapi/v1/order"] = WireAnswer({"code": -1111, "msg": "Precision is over the maximum"}, 400)
    bench.wire.until["/fapi/v1/exchangeInfo"] = told = asyncio.Event()
    with pytest.raises(VenueRefused) as refusal:
        await bench.enter("e1")
    bench.wire.instead.clear()

    assert await bench.enter("e2") is ReportState.FILLED
    assert refusal.value.fault is Fault.FILTER
    assert bench.wire.arrived["/fapi/v1/exchangeInfo"] == 2
    listed = bench.house.engine.listing[BTC]
    bench.house.engine.listing = {BTC: attrs.evolve(listed, step=listed.step * 10)}
    told.set()
    async with asyncio.timeout(10):
        while (instrument := await bench.exchange.instrument(*MARKET, BTC)) is None or instrument.step == listed.step:
            await asyncio.sleep(0.01)
    assert bench.wire.arrived["/fapi/v1/exchangeInfo"] == 2


async def test_who_is_in_a_hurry_goes_on_without_knowing_what_is_held(bench: Bench) -> None:
    """rules: ORD-10, POS-11"""
    await bench.enter("e1")
    bench.wire.until["/fapi/v3/positionRisk"] = told = asyncio.Event()

    patient = asyncio.create_task(bench.exchange.holding(bench.account, BTC, Side.LONG))
    with pytest.raises(OutcomeUnknown, match="expected what is held within"):
        await bench.exchange.holding(bench.account, BTC, Side.LONG, hurried=True)
    assert not patient.done()
    told.set()

    held = await patient
    assert held is not None
    assert held == await bench.exchange.holding(bench.account, BTC, Side.LONG, hurried=True)


async def test_what_was_set_beforehand_is_not_set_again_before_the_entry(bench: Bench) -> None:
    """rules: SIZ-04"""
    await bench.exchange.prepare(bench.account, BTC, Side.LONG, 10)
    set_beforehand = dict(bench.wire.arrived)

    await bench.enter("e1")

    paths = ("/fapi/v1/marginType", "/fapi/v1/leverage")
    assert [set_beforehand[path] for path in paths] == [bench.wire.arrived[path] for path in paths] == [1, 1]


@pytest.mark.parametrize(("used", "asked"), [("100", 2), ("1950", 1)])
async def test_what_an_exit_may_wait_for_is_asked_once_more_while_half_of_the_limit_is_left(
    bench: Bench, used: str, asked: int
) -> None:
    """rules: POS-11, EXC-08"""
    bench.wire.headers = {"X-MBX-USED-WEIGHT-1M": used}
    await bench.enter("e1")
    bench.wire.arrived.clear()
    bench.wire.next_waits["/fapi/v3/positionRisk"] = told = asyncio.Event()
    asyncio.get_running_loop().call_later(3 * SLOW_S, told.set)

    held = await bench.exchange.holding(bench.account, BTC, Side.LONG)

    assert held is not None
    assert bench.wire.arrived["/fapi/v3/positionRisk"] == asked


class SilentOnTiers(BybitWire):
    """Bybit that tells its leverage tiers when it is told to; mutable for that."""

    def __init__(self) -> None:
        super().__init__()
        self.may_tell = asyncio.Event()

    async def answer(self, call: WireCall, house: House) -> WireAnswer:
        if call.path == "/v5/market/risk-limit":
            await self.may_tell.wait()
        return await super().answer(call, house)


async def test_what_is_open_does_not_wait_for_leverage_tiers_and_what_is_to_be_sized_does(tmp_path: Path) -> None:
    """rules: SIZ-07, POS-11"""
    wire = SilentOnTiers()
    async with opened_desk(Venue.BYBIT, tmp_path, wire=wire) as desk:
        sized = asyncio.create_task(desk.exchange.instrument(Venue.BYBIT, Environment.LIVE, BTC))
        hurried = await desk.exchange.instrument(Venue.BYBIT, Environment.LIVE, BTC, hurried=True)
        assert hurried is not None
        assert (hurried.brackets, sized.done()) == ((), False)

        wire.may_tell.set()
        known = await sized
        assert known is not None
        assert len(known.brackets) > 1
        assert await desk.exchange.instrument(Venue.BYBIT, Environment.LIVE, BTC, hurried=True) == known


async def test_a_short_wait_is_waited_for(bench: Bench) -> None:
    """rules: EXC-08"""
    bench.wire.headers = {"X-MBX-USED-WEIGHT-1M": "2080"}
    await bench.exchange.holding(bench.account, BTC, Side.LONG)

    with pytest.raises(VenueRefused) as too_long:
        await bench.exchange.open_orders(bench.account)
    bench.wire.arrived.clear()
    found = await bench.exchange.readings([bench.account])

    assert too_long.value.fault is Fault.RATE_LIMIT
    assert found
    assert bench.wire.arrived["/fapi/v3/account"] == 1


async def test_results_of_closed_trades_wait_for_their_turn_with_patience(bench: Bench) -> None:
    """rules: EXC-08, COM-05

    In seed 2 of the campaign at the venues one of several at a time was let through a narrowed limit, once a minute.
    """
    bench.wire.instead["/fapi/v1/order"] = WireAnswer(TOO_MANY, 429, {"Retry-After": "1"})
    with pytest.raises(OutcomeUnknown):
        await bench.enter("e1")
    bench.wire.instead.clear()

    asked = (bench.exchange.closed_result(bench.account, BTC, Side.LONG, HALF_PAST, HALF_PAST) for _ in range(6))
    told = await asyncio.gather(*asked)

    assert told == [None] * 6
    assert bench.wire.arrived["/fapi/v1/userTrades"] == 6
    assert bench.wire.arrived["/fapi/v1/income"] == 0


async def test_looking_for_what_is_not_there_costs_one_look_and_not_what_it_might_have_become(bench: Bench) -> None:
    """rules: EXC-08

    In seed 103 of the campaign at the venues, entries that were looked for used up the limit that a stop was waiting for.
    """
    unknown = f"cbce{'0' * 28}"

    for _ in range(20):
        looks = (bench.exchange.find(bench.account, BTC, unknown) for _ in range(20))
        assert await asyncio.gather(*looks) == [None] * 20

    assert bench.wire.arrived["/fapi/v1/order"] == 400


async def test_when_the_venue_says_that_little_is_left_closes_go_before_opens(bench: Bench) -> None:
    """rules: EXC-08"""
    await bench.enter("e1")
    bench.wire.headers = {"X-MBX-USED-WEIGHT-1M": "2300"}
    await bench.exchange.holding(bench.account, BTC, Side.LONG)

    with pytest.raises(VenueRefused) as opening:
        await bench.enter("e2")
    closed = await bench.leave("x1")

    assert opening.value.fault is Fault.RATE_LIMIT
    assert closed is ReportState.FILLED


async def test_a_venue_that_does_not_answer_is_asked_for_no_opens(bench: Bench) -> None:
    """rules: EXC-08, EXC-09"""
    await bench.hangs_up_often()

    with pytest.raises(VenueRefused) as opening:
        await bench.enter("e1")

    assert opening.value.fault is Fault.NETWORK
    assert not bench.wire.arrived
    assert (await bench.standing()).breaker_open


async def test_a_close_goes_on_trying_and_its_success_lets_opens_in_again(bench: Bench) -> None:
    """rules: EXC-08"""
    await bench.enter("e1")
    await bench.hangs_up_often()
    bench.wire.instead.clear()

    closed = await bench.leave("x1")
    opened = await bench.enter("e2")

    assert (closed, opened) == (ReportState.FILLED, ReportState.FILLED)
    assert not (await bench.standing()).breaker_open


@pytest.mark.parametrize("skew_s", [-20, -1.5, 2.5, 20])
async def test_a_clock_that_is_off_is_measured_told_and_made_up_for(bench: Bench, skew_s: float) -> None:
    """rules: EXC-07, RSK-22"""
    await bench.standing()
    bench.house.skew = timedelta(seconds=skew_s)
    bench.exchange._traffic._roads[MARKET].measure_at = 0.0

    told = await bench.standing()
    filled = await bench.enter("e1")

    assert told.skew is not None
    assert abs(told.skew - bench.house.skew) < timedelta(milliseconds=500)
    assert filled is ReportState.FILLED


async def test_a_refusal_for_the_time_is_followed_by_a_new_look_at_the_clock(bench: Bench) -> None:
    """rules: EXC-07"""
    await bench.standing()
    bench.house.skew = timedelta(seconds=20)

    with pytest.raises(VenueRefused) as refused:
        await bench.enter("e1")
    await bench.standing()
    filled = await bench.enter("e1")

    assert refused.value.fault is Fault.CLOCK
    assert filled is ReportState.FILLED


async def test_the_clock_is_asked_for_once_in_five_minutes(bench: Bench) -> None:
    """rules: EXC-07"""
    await bench.standing()
    await bench.enter("e1")
    await bench.leave("x1")
    await bench.standing()

    assert bench.wire.arrived["/fapi/v1/time"] == 1
