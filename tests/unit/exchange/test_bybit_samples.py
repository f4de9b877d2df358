"""Answers of the true Bybit, as they were written down, are read for what they are."""

import json
from collections.abc import Mapping
from decimal import Decimal

import pytest

from cbc_adapters.exchange.ccxt.dialects.bybit.translate import (
    STATES,
    balance_of,
    bracket_of,
    closings_of,
    fill_of,
    findings_of,
    holding_of,
    instrument_of,
    is_linear_perpetual,
)
from cbc_adapters.exchange.ccxt.translate import Vendor, instant, number
from cbc_adapters.exchange.simulated.venues.wire import Json
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Holding, ReportState
from cbc_domain.trading.sizes import Bracket
from tests.recordings import BYBIT_SAMPLES, recorded


@pytest.fixture(scope="module")
def samples() -> Mapping[int, Json]:
    """Each recorded answer by the line of its source."""
    lines = recorded(BYBIT_SAMPLES).read_text().splitlines()
    return {sample["line"]: sample["sample"] for sample in map(json.loads, lines)}


def first(sample: Json) -> Vendor:
    return dict(sample["result"]["list"][0])


def test_the_rules_of_a_symbol_are_read(samples: Mapping[int, Json]) -> None:
    """rules: SIZ-06, SIZ-07"""
    told = first(samples[2116])

    read = instrument_of(told)

    assert is_linear_perpetual(told)
    assert (read.symbol, read.tradable) == (Symbol("BTCUSDT"), True)
    assert (read.tick, read.step, read.min_quantity) == (Decimal("0.5"), Decimal("0.001"), Decimal("0.001"))
    assert (read.max_market_quantity, read.min_notional) == (Decimal(100), Decimal(0))


def test_a_tier_in_percent_is_read_as_a_fraction(samples: Mapping[int, Json]) -> None:
    """rules: SIZ-07"""
    (told,) = samples[8436]

    assert bracket_of(told) == Bracket(Decimal(150), 100, Decimal("0.005"))


def test_an_order_has_a_state_and_its_time(samples: Mapping[int, Json]) -> None:
    """rules: ORD-04"""
    told = first(samples[5320])

    assert STATES[told["orderStatus"]] is ReportState.FILLED
    assert number(told["cumExecQty"]) == Decimal("0.001")
    assert instant(told["updatedTime"]).year == 2025


def test_a_fill_has_the_venues_own_id_and_fee(samples: Mapping[int, Json]) -> None:
    """rules: ORD-12"""
    fill = fill_of(samples[3182], "ours")

    assert fill.id == "135dbae5-cbed-5275-9290-3956bb2ed907"
    assert (fill.quantity, fill.price, fill.fee) == (Decimal("0.001"), Decimal(123498), Decimal("0.0679239"))
    assert not fill.maker


def test_a_position_is_read_with_its_side(samples: Mapping[int, Json]) -> None:
    """rules: EXC-06"""
    assert holding_of(first(samples[6331])) == Holding(Symbol("XRPUSDT"), Side.LONG, Decimal(100))


def test_a_closing_is_net_of_the_fees_of_both_ends(samples: Mapping[int, Json]) -> None:
    """rules: COM-05, POS-12"""
    profit = first(samples[8806])
    closing = {"orderId": profit["orderId"], "symbol": "XRPUSDT", "side": "Sell", "closedSize": "3", "execQty": "3"}
    execution = samples[3182] | closing | {"execPrice": "0.605", "execFee": "0.00099825"}

    (closed,) = closings_of([execution], [profit], Side.LONG)

    opened, sold = Decimal("1.8135"), Decimal("1.815")
    assert closed.net == Decimal(profit["closedPnl"])
    assert abs(sold - opened - (sold + opened) * Decimal("0.00055") - closed.net) < Decimal("0.00000001")


def test_funding_is_a_payment_and_no_execution(samples: Mapping[int, Json]) -> None:
    """rules: POS-12"""
    funding = samples[8541]
    bought_back = {"orderId": "x", "symbol": "XMRUSDT", "side": "Buy", "closedSize": "0.98", "execQty": "0.98"}
    closing = samples[3182] | bought_back

    (closed,) = closings_of([closing, funding], [{"orderId": "x", "closedPnl": "1"}], Side.SHORT)

    assert closed.ending.funding == Decimal("-0.10232512")
    assert closed.ending.quantity == Decimal("0.98")
    assert closings_of([funding], [], Side.SHORT) == []


def test_an_account_without_usdt_has_none(samples: Mapping[int, Json]) -> None:
    """rules: SIZ-02"""
    balance = balance_of(first(samples[3477]))

    assert (balance.equity, balance.available, balance.margin_in_use) == (Decimal(0),) * 3


def test_a_key_without_permissions_may_only_read(samples: Mapping[int, Json]) -> None:
    """rules: KEY-03"""
    findings = findings_of(samples[1519]["result"], [first(samples[9298])])

    assert (findings.reads, findings.trades, findings.withdraws, findings.restricted) == (True, False, False, False)
    assert findings.hedge is False
    assert findings.expires_at is not None
    assert findings.expires_at.isoformat() == "2023-05-15T03:21:05+00:00"
