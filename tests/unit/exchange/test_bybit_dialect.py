"""What is Bybit's own in speaking to it: margin mode, the two places of an order, results, transfers, keys."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_adapters.exchange.ccxt.dialect import Placing
from cbc_adapters.exchange.ccxt.translate import milliseconds
from cbc_adapters.exchange.simulated.venues.house import IssuedKey
from cbc_domain.kernel.venues import Environment, Side
from cbc_domain.ports.exchange import Holding, OpenOrder, ReportState
from cbc_domain.ports.venue_keys import KeyFindings
from tests.strategies.exchange import BTC, FIRST, PRICE, START, entry, instrument, leave, stop, target
from tests.unit.exchange.bybit_venue import Bench, bybit_bench

KEY = IssuedKey("key", "secret", None, FIRST)
HOUR = timedelta(hours=1)


def paths(bench: Bench) -> list[str]:
    return [call.path.removeprefix("/v5/") for call in bench.client.sent]


async def test_isolated_margin_is_set_once_for_the_whole_account() -> None:
    """rules: SIZ-04, EXC-03"""
    bench = bybit_bench()

    await bench.dialect.prepare(bench.client, instrument(), Side.LONG, 5, hedge=False)
    await bench.dialect.prepare(bench.client, instrument(), Side.LONG, 5, hedge=False)

    first = ["account/info", "account/set-margin-mode", "position/set-leverage"]
    assert paths(bench) == [*first, "account/info", "position/set-leverage"]
    assert bench.house.choices(FIRST, BTC).leverage == 5


async def test_an_order_that_the_open_ones_forgot_is_found_in_the_history() -> None:
    """rules: ORD-04"""
    bench = bybit_bench()
    await bench.place(entry("e1"))
    await bench.place(stop("46000", "s0"))
    await bench.dialect.cancel(bench.client, bench.sought("s0"))
    for number in range(500):
        bench.house.engine.place(FIRST, stop("46000", f"s{number + 1}"), bench.clock.now())
        bench.house.engine.cancel(FIRST, f"s{number + 1}", bench.clock.now())
    bench.client.sent.clear()

    found = await bench.dialect.find(bench.client, bench.sought("e1"))
    never = await bench.dialect.find(bench.client, bench.sought("e2"))

    assert found is not None
    assert found.state is ReportState.FILLED
    assert never is None
    assert paths(bench) == ["order/realtime", "order/history", "execution/list", "order/realtime", "order/history"]


async def test_an_order_that_is_listed_a_moment_later_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """rules: ORD-04, ORD-12"""
    bench = bybit_bench()
    nothing: dict[str, dict[str, list[str]]] = {"result": {"list": []}}
    answers = iter([nothing, nothing])
    known = bench.client.privateGetV5OrderRealtime

    async def not_yet(asked: dict[str, object]) -> object:
        return next(answers, None) or await known(asked)

    monkeypatch.setattr(bench.client, "privateGetV5OrderRealtime", not_yet)
    monkeypatch.setattr(bench.client, "privateGetV5OrderHistory", not_yet)

    placed = await bench.dialect.place(bench.client, Placing(entry("e1"), instrument(), hedge=False))

    assert placed is not None
    assert placed.state is ReportState.FILLED
    assert paths(bench).count("order/create") == 1


async def test_both_sides_of_a_symbol_are_held_apart() -> None:
    """rules: EXC-06"""
    bench = bybit_bench(hedge=True)
    await bench.place(entry("e1", quantity="0.1"))
    await bench.place(entry("e2", quantity="0.05", side=Side.SHORT))

    held = await bench.dialect.holdings(bench.client, instrument())

    assert held == [Holding(BTC, Side.LONG, Decimal("0.1")), Holding(BTC, Side.SHORT, Decimal("0.05"))]
    assert await bench.dialect.holdings(bench.client, None) == held


@pytest.mark.parametrize("hedge", [False, True])
async def test_a_closing_has_the_venues_own_result_with_fees_and_funding(hedge: bool) -> None:
    """rules: POS-10, POS-12, COM-05"""
    bench = bybit_bench(hedge=hedge)
    await bench.place(entry())
    bench.house.engine.apply_funding(BTC, Decimal("0.0001"), START + HOUR)
    bench.clock.advance(by=timedelta(days=9))
    bench.house.engine.set_price(BTC, PRICE + 1000, bench.clock.now())
    await bench.place(leave())

    (closed,) = await bench.dialect.closings(bench.client, instrument(), Side.LONG, START, None, funded=True)
    other = await bench.dialect.closings(bench.client, instrument(), Side.SHORT, START, None, funded=True)

    account = bench.house.account(FIRST)
    assert closed.net == account.cash - Decimal(10_000)
    assert closed.ending.funding == account.funding == Decimal("0.47")
    assert closed.ending.quantity == Decimal("0.1")
    assert closed.ending.at == bench.clock.now()
    assert other == []


async def test_a_liquidation_is_told_as_one() -> None:
    """rules: POS-10"""
    bench = bybit_bench()
    await bench.dialect.prepare(bench.client, instrument(), Side.LONG, 50, hedge=False)
    await bench.place(entry())
    bench.house.engine.set_price(BTC, Decimal(45_000), START + HOUR)
    bench.clock.advance(by=2 * HOUR)

    (closed,) = await bench.dialect.closings(bench.client, instrument(), Side.LONG, START, None, funded=True)

    assert closed.ending.liquidated
    assert closed.net < 0


async def test_a_turned_around_position_closes_with_a_part_of_the_order() -> None:
    """rules: POS-10, EXC-06"""
    bench = bybit_bench()
    await bench.place(entry("e1", quantity="0.1"))
    await bench.place(entry("e2", quantity="0.3", side=Side.SHORT))

    (closed,) = await bench.dialect.closings(bench.client, instrument(), Side.LONG, START, None, funded=True)

    assert closed.ending.quantity == Decimal("0.1")
    assert await bench.dialect.holdings(bench.client, instrument()) == [Holding(BTC, Side.SHORT, Decimal("0.2"))]


async def test_what_stands_is_told_with_conditional_orders() -> None:
    """rules: POS-10, ORD-09"""
    bench = bybit_bench()
    await bench.place(entry("e1"))
    await bench.place(stop("46000", "s1"))
    await bench.place(target("48000", "t1"))

    standing = await bench.dialect.open_orders(bench.client)

    assert set(standing) == {OpenOrder(BTC, "s1"), OpenOrder(BTC, "t1")}


async def test_leverage_tiers_are_told_to_everybody() -> None:
    """rules: SIZ-07"""
    bench = bybit_bench()

    tiers = (await bench.dialect.brackets(bench.client, BTC))[BTC]

    assert not bench.dialect.tiers_need_key
    assert [(tier.max_leverage, tier.maintenance_rate) for tier in tiers] == [
        (tier.max_leverage, tier.maintenance_rate) for tier in instrument().brackets
    ]


async def test_the_rules_of_a_symbol_are_read_exactly() -> None:
    """rules: SIZ-06, SIZ-07"""
    bench = bybit_bench()

    read = (await bench.dialect.instruments(bench.client))[BTC]

    assert read == attrs.evolve(instrument(), brackets=())


async def test_the_price_of_now_is_the_mark_price() -> None:
    """rules: SIZ-07"""
    bench = bybit_bench()
    bench.clock.advance(by=timedelta(seconds=30))
    bench.house.engine.set_price(BTC, PRICE + 500, bench.clock.now())

    now = await bench.dialect.quote(bench.client, BTC)

    assert now.price == PRICE + 500
    assert now.spread is not None


async def test_transfers_are_told_and_results_are_not() -> None:
    """rules: EXC-02, RSK-03"""
    bench = bybit_bench()
    await bench.place(entry())
    bench.house.engine.deposit(FIRST, Decimal(-70), bench.clock.now())

    [moved] = await bench.dialect.transfers(bench.client, milliseconds(bench.clock.now()))

    assert (moved.amount, moved.at) == (Decimal(-70), bench.clock.now())


async def test_transfers_of_more_than_a_week_are_asked_for_week_by_week() -> None:
    """rules: RSK-03"""
    bench = bybit_bench()
    began = bench.clock.now()
    for day in (0, 6, 8, 20):
        bench.house.engine.deposit(FIRST, Decimal(day + 1), began + timedelta(days=day))
    bench.clock.advance(by=timedelta(days=21))

    told = await bench.dialect.transfers(bench.client, milliseconds(began))

    assert sorted(moved.amount for moved in told) == [Decimal(1), Decimal(7), Decimal(9), Decimal(21)]
    assert paths(bench).count("account/transaction-log") == 3 * 2


@pytest.mark.parametrize(
    ("key", "findings"),
    [
        (KEY, KeyFindings(reads=True, trades=True, withdraws=False, hedge=False, restricted=False)),
        (
            attrs.evolve(KEY, withdraws=True, addresses=frozenset({"203.0.113.7"})),
            KeyFindings(reads=True, trades=True, withdraws=True, hedge=False, restricted=True),
        ),
        (
            attrs.evolve(KEY, trades=False, expires_at=START + HOUR),
            KeyFindings(reads=True, trades=False, withdraws=False, hedge=False, restricted=False, expires_at=START + HOUR),
        ),
    ],
)
async def test_a_key_is_known_by_what_it_may(key: IssuedKey, findings: KeyFindings) -> None:
    """rules: KEY-03"""
    bench = bybit_bench(key=key)

    assert await bench.dialect.examine(bench.client) == findings


async def test_the_position_mode_is_read_even_of_an_empty_account() -> None:
    """rules: EXC-06, KEY-03"""
    bench = bybit_bench(hedge=True)

    assert (await bench.dialect.examine(bench.client)).hedge


def test_a_client_of_the_testnet_reaches_no_live_host() -> None:
    """rules: EXC-10"""
    bench = bybit_bench()

    bench.dialect.enter_environment(bench.client, Environment.TESTNET)

    asked = bench.client.sign("v5/order/create", ["private"], "POST", {"category": "linear"})
    assert asked["url"] == "https://api-testnet.bybit.com/v5/order/create"
