"""Bybit's wire lets in only whom Bybit lets in, and refuses what Bybit refuses."""

from datetime import timedelta
from decimal import Decimal

import attrs
import ccxt as vendor
import pytest

from cbc_adapters.exchange.ccxt.dialects.bybit.translate import order_of
from cbc_adapters.exchange.ccxt.errors import code_of
from cbc_adapters.exchange.simulated.faults import Call
from cbc_adapters.exchange.simulated.venues.house import IssuedKey
from cbc_adapters.exchange.simulated.venues.wire import Purpose
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.trading.model import Leg
from tests.strategies.exchange import FIRST, START, entry, leave, stop, target
from tests.unit.exchange.bybit_venue import ADDRESS, Bench, bybit_bench

KEY = IssuedKey("key", "secret", None, FIRST)


async def refused(bench: Bench, ticket: Ticket | None = None) -> str | None:
    """The code with which the venue refuses an order."""
    with pytest.raises((vendor.BaseError, VenueRefused)) as raised:
        await bench.place(ticket or entry())
    return code_of(raised.value) or str(raised.value)


async def test_a_key_from_elsewhere_is_unknown() -> None:
    """rules: EXC-04, EXC-10"""
    bench = bybit_bench()
    bench.client.apiKey = "another"

    assert await refused(bench) == "10003"


async def test_a_wrong_signature_is_refused() -> None:
    """rules: EXC-04"""
    bench = bybit_bench()
    bench.client.secret = "another"

    assert await refused(bench) == "10004"


async def test_a_body_that_was_changed_on_the_way_has_a_wrong_signature() -> None:
    """rules: EXC-04"""
    bench = bybit_bench()
    await bench.place(entry())
    changed = attrs.evolve(bench.client.sent[0], body=bench.client.sent[0].body.replace(b"0.1", b"0.9"))

    answer = await bench.client.wire.answer(changed, bench.house)

    assert answer.body["retCode"] == 10004


@pytest.mark.parametrize("late", [timedelta(seconds=6), timedelta(seconds=-2)])
async def test_a_clock_that_is_off_is_refused(late: timedelta) -> None:
    """rules: EXC-04"""
    bench = bybit_bench()
    bench.client.late = late

    assert await refused(bench) == "10002"


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (attrs.evolve(KEY, expires_at=START), "33004"),
        (attrs.evolve(KEY, addresses=frozenset({"198.51.100.1"})), "10010"),
        (attrs.evolve(KEY, trades=False), "10005"),
    ],
)
async def test_a_key_may_only_what_it_was_given(key: IssuedKey, code: str) -> None:
    """rules: EXC-04, KEY-03"""
    assert await refused(bybit_bench(key=key)) == code


async def test_a_key_works_from_its_own_address() -> None:
    """rules: KEY-03"""
    bench = bybit_bench(key=attrs.evolve(KEY, addresses=frozenset({ADDRESS})))

    await bench.place(entry())

    assert bench.house.account(FIRST).positions


async def test_an_id_is_used_once_even_when_its_order_is_over() -> None:
    """rules: ORD-03, ORD-04"""
    bench = bybit_bench()
    await bench.place(entry("e1"))
    await bench.place(leave("x1"))

    assert await refused(bench, leave("x1")) == "110072"


@pytest.mark.parametrize(
    ("ticket", "code"),
    [
        (entry(quantity="0.0005"), "bybit 10001: Qty invalid"),
        (entry(quantity="0.001"), "110094"),
        (entry(quantity="10"), "110007"),
        (leave(), "110017"),
        (stop("47500"), "110093"),
        (target("46500"), "110092"),
    ],
)
async def test_the_venue_has_its_own_code_for_what_does_not_fit(ticket: Ticket, code: str) -> None:
    """rules: EXC-04, SIZ-06"""
    bench = bybit_bench()

    assert code in str(await refused(bench, ticket))


@pytest.mark.parametrize("hedge", [False, True])
async def test_an_order_of_the_other_position_mode_is_refused(hedge: bool) -> None:
    """rules: EXC-06"""
    bench = bybit_bench(hedge=hedge)

    with pytest.raises(vendor.BadRequest, match="position idx not match position mode"):
        await bench.client.privatePostV5OrderCreate(order_of(entry(), hedge=not hedge))


async def test_a_way_that_is_none_is_answered_as_such() -> None:
    """rules: EXC-01"""
    bench = bybit_bench()
    await bench.place(entry())
    sent = bench.client.sent[0]

    answers = [
        await bench.client.wire.answer(attrs.evolve(sent, path="/v5/order/make"), bench.house),
        await bench.client.wire.answer(attrs.evolve(sent, method="GET"), bench.house),
        await bench.client.wire.answer(attrs.evolve(sent, host="stream.bybit.com"), bench.house),
    ]

    assert {(answer.status, answer.body["retCode"]) for answer in answers} == {(404, 10017)}


@pytest.mark.parametrize("hedge", [False, True])
@pytest.mark.parametrize("side", list(Side))
async def test_the_leg_of_an_order_is_told_from_the_order_itself(side: Side, hedge: bool) -> None:
    """rules: ORD-09, ORD-11"""
    bench, below, above = bybit_bench(hedge=hedge), "46000", "48000"
    bad, good = (below, above) if side is Side.LONG else (above, below)
    legs = [entry(side=side), stop(bad, side=side), target(good, side=side), leave(side=side)]

    for ticket in legs:
        await bench.place(ticket)

    placed = [call for call in bench.client.sent if call.path == "/v5/order/create"]
    assert [bench.client.wire.purpose(call) for call in placed] == [
        Purpose(Call.PLACE, leg) for leg in (Leg.ENTRY, Leg.STOP, Leg.TARGET, Leg.EXIT)
    ]


async def test_what_a_call_is_about_is_told_from_the_call() -> None:
    """rules: EXC-02"""
    bench = bybit_bench()
    await bench.place(entry())
    bench.client.sent.clear()

    await bench.dialect.find(bench.client, bench.sought("e1"))
    await bench.dialect.cancel(bench.client, bench.sought("never"))
    await bench.dialect.balance(bench.client)
    await bench.dialect.holdings(bench.client, None)

    purposes = [bench.client.wire.purpose(call) for call in bench.client.sent]
    assert purposes == [Purpose(call) for call in (Call.FIND, Call.FIND, Call.CANCEL, Call.READ, Call.READ)]


def test_a_refusal_of_a_plan_carries_the_venues_own_code() -> None:
    """rules: EXC-04"""
    wire = bybit_bench().client.wire

    codes = {fault: wire.refusal(fault, "", 3).body["retCode"] for fault in (Fault.RATE_LIMIT, Fault.INSUFFICIENT_MARGIN)}

    assert codes == {Fault.RATE_LIMIT: 10006, Fault.INSUFFICIENT_MARGIN: 110007}
    assert wire.refusal(Fault.FILTER, "expected a notional of at least 5").body["retCode"] == 110094
    assert Decimal(wire.refusal(Fault.RATE_LIMIT, "", 3).headers["Retry-After"]) == 3
