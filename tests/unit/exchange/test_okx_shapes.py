"""OKX's own answers, as they are recorded, are understood by what reads them."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cbc_adapters.exchange.ccxt.dialects.okx.closings import closings_of, records_of
from cbc_adapters.exchange.ccxt.dialects.okx.translate import (
    brackets_of,
    fill_of,
    heard_of,
    holding_of,
    instruments_of,
    margin_of,
    symbol_of,
)
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Holding
from cbc_domain.trading.model import Fill
from cbc_domain.trading.sizes import Bracket, Instrument
from tests.recordings import recorded

Sample = Callable[[str, int], Any]

BTC_SWAP: Mapping[str, Any] = {
    "ctMult": "1",
    "ctType": "linear",
    "ctVal": "0.01",
    "instId": "BTC-USDT-SWAP",
    "lotSz": "0.1",
    "maxMktSz": "12000",
    "minSz": "0.1",
    "settleCcy": "USDT",
    "state": "live",
    "tickSz": "0.1",
}


@pytest.fixture
def sample() -> Sample:
    """A recorded answer by the function that parses it and where it stands there."""
    lines = [json.loads(line) for line in recorded("venue-samples/okx.jsonl").read_text().splitlines()]
    samples = {(line["function"], line["line"]): line["sample"] for line in lines}
    return lambda function, line: samples[function, line]


def test_a_position_of_the_long_side_is_held(sample: Sample) -> None:
    """rules: EXC-01, EXC-06"""
    told = sample("parse_position", 6066)

    assert holding_of(told) == Holding(Symbol("BTCUSDT"), Side.LONG, Decimal(1))
    assert margin_of(told) == Decimal("170.66093041794787")


def test_what_is_no_usdt_perpetual_is_left_out(sample: Sample) -> None:
    """rules: EXC-03"""
    assert holding_of(sample("fetch_positions", 6000)["data"][0]) is None
    assert symbol_of(sample("parse_market", 1787)) is None
    assert instruments_of(sample("fetch_markets_by_type", 1975)["data"]) == {}


def test_a_trade_becomes_a_fill_with_its_fee_as_paid(sample: Sample) -> None:
    """rules: ORD-12"""
    assert fill_of(sample("fetch_my_trades", 4974)["data"][0], "cbce") == Fill(
        "ETH-USDT-107601752",
        "cbce",
        Decimal("0.007533"),
        Decimal("2654.98"),
        Decimal("0.000007533"),
        datetime(2021, 5, 25, 7, 21, 54, 985_000, tzinfo=UTC),
    )


def test_a_recorded_position_closes_with_what_the_venue_reckoned(sample: Sample) -> None:
    """rules: POS-10, POS-12, COM-05"""
    record = sample("fetch_positions_history", 9159)["data"][0]
    closing = {
        "execType": "T",
        "fee": "-0.85461",
        "fillPnl": record["pnl"],
        "fillPx": record["closeAvgPx"],
        "fillSz": record["closeTotalPos"],
        "instId": record["instId"],
        "ordId": "1",
        "posSide": "net",
        "side": "sell",
        "subType": "2",
        "tradeId": "1",
        "ts": record["uTime"],
    }

    closed = closings_of(records_of([record], Side.LONG), [closing], Side.LONG, datetime(2024, 1, 1, tzinfo=UTC))

    assert [one.net for one in closed] == [Decimal(record["realizedPnl"])]
    assert closed[0].ending.funding == Decimal("11.870404179341788")
    assert records_of([record], Side.SHORT) == []


def test_a_tier_is_a_bracket_at_the_price_of_now(sample: Sample) -> None:
    """rules: SIZ-07"""
    told = sample("fetch_market_leverage_tiers", 7407)["data"]

    assert brackets_of(told, Decimal("0.1"), Decimal(2000)) == (Bracket(Decimal(100_000), 10, Decimal("0.03")),)


def test_an_order_that_stands_is_no_news(sample: Sample) -> None:
    """rules: POS-10"""
    assert heard_of(sample("parse_order", 4126)) is None


def test_an_order_is_heard_of_under_our_id_whichever_channel_tells_it() -> None:
    """rules: POS-10, ORD-03"""
    plain = {"instId": "BTC-USDT-SWAP", "clOrdId": "cbce1", "state": "filled"}
    algo = {"instId": "BTC-USDT-SWAP", "algoClOrdId": "cbcs1", "clOrdId": "", "state": "canceled"}

    assert heard_of(plain) == ("BTCUSDT", "cbce1")
    assert heard_of(algo) == ("BTCUSDT", "cbcs1")


def test_an_instrument_is_told_in_contracts() -> None:
    """rules: SIZ-06, SIZ-07, EXC-03"""
    announced = {**BTC_SWAP, "instId": "NEW-USDT-SWAP", "lotSz": "", "tickSz": "", "state": "preopen"}

    assert instruments_of([BTC_SWAP, announced, {**BTC_SWAP, "instId": "BTC-USD-SWAP"}]) == {
        Symbol("BTCUSDT"): Instrument(
            symbol=Symbol("BTCUSDT"),
            tick=Decimal("0.1"),
            step=Decimal("0.1"),
            min_quantity=Decimal("0.1"),
            min_notional=Decimal(0),
            brackets=(),
            max_market_quantity=Decimal(12_000),
            contract_size=Decimal("0.01"),
        )
    }
