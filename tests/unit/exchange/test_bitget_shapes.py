"""Bitget's own answers, as its documentation has them, and the parameters that it takes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cbc_adapters.exchange.ccxt.dialects.bitget.closings import closings_of
from cbc_adapters.exchange.ccxt.dialects.bitget.examine import findings_of
from cbc_adapters.exchange.ccxt.dialects.bitget.translate import (
    PLAN_STATES,
    STATES,
    bracket_of,
    fill_of,
    holding_of,
    instrument_of,
    plain_order,
    plan_order,
)
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Holding, ReportState, Ticket
from cbc_domain.trading.sizes import Bracket
from tests.recordings import recorded
from tests.strategies.exchange import BTC, entry, leave, stop, target

Told = Mapping[str, Any]

CLOSING: Told = {
    "tradeId": "1111468664328269825",
    "symbol": "BTCUSDT",
    "orderId": "1111468664264753162",
    "price": "37271.4",
    "baseVolume": "0.001",
    "feeDetail": [{"deduction": "no", "feeCoin": "USDT", "totalDeductionFee": None, "totalFee": "-0.02236284"}],
    "side": "buy",
    "profit": "-0.0007",
    "tradeSide": "close",
    "posMode": "hedge_mode",
    "tradeScope": "taker",
    "cTime": "1700720700342",
}
"""The closing of a long, from the venue's documentation; the venue's own record of that position says the rest."""
OPENING: Told = {
    **CLOSING,
    "tradeId": "1111468450000000000",
    "orderId": "1111468450000000001",
    "price": "37272.1",
    "feeDetail": [{"totalFee": "-0.02236326"}],
    "profit": "0",
    "tradeSide": "open",
    "cTime": "1700720651684",
}
NET: Decimal = Decimal("-0.0454261")


def sample(function: str, note: str, key: str = "code") -> Told:
    """The one true answer of a kind that has the key."""
    lines = recorded("venue-samples/bitget.jsonl").read_bytes().splitlines()
    told = [msgspec.json.decode(line) for line in lines]
    found: Told = next(
        one["sample"] for one in told if (one["function"], one["note"]) == (function, note) and key in one["sample"]
    )
    return found


def test_the_rules_of_a_contract_are_read() -> None:
    """rules: SIZ-07"""
    instrument = instrument_of(sample("fetch_default_markets", "swap and future", "symbol"))

    assert (instrument.symbol, instrument.tick, instrument.step) == (BTC, Decimal("0.1"), Decimal("0.001"))
    assert (instrument.min_quantity, instrument.min_notional) == (Decimal("0.001"), Decimal(5))
    assert (instrument.taker_fee, instrument.maker_fee) == (Decimal("0.0006"), Decimal("0.0002"))
    assert instrument.tradable


def test_a_tier_is_read() -> None:
    """rules: SIZ-07"""
    [tier] = sample("fetch_market_leverage_tiers", "swap and future")["data"]

    assert bracket_of(tier) == Bracket(Decimal(150_000), 125, Decimal("0.004"))


def test_a_position_is_read() -> None:
    """rules: EXC-06"""
    [position] = sample("fetch_positions", "privateMixGetV2MixPositionAllPosition")["data"]

    assert holding_of(position) == Holding(BTC, Side.LONG, Decimal("0.002"))


def test_a_fill_is_read_with_its_fee() -> None:
    """rules: ORD-12"""
    [told] = sample("fetch_my_trades", "swap and future")["data"]["fillList"]

    fill = fill_of(told, "ours")

    assert (fill.id, fill.client_order_id) == ("1111468664328269825", "ours")
    assert (fill.quantity, fill.price, fill.fee) == (Decimal("0.001"), Decimal("37271.4"), Decimal("0.02236284"))
    assert not fill.maker


def test_states_of_orders_are_known() -> None:
    """rules: EXC-03"""
    order = sample("fetch_order", "swap and future")["data"]
    [standing] = sample("fetch_open_orders", "swap and future")["data"]["entrustedList"]
    [plan] = sample("fetch_canceled_and_closed_orders", "swap and future stop")["data"]["entrustedList"]

    assert STATES[order["state"]] is ReportState.LIVE
    assert STATES[standing["status"]] is ReportState.LIVE
    assert PLAN_STATES[plan["planStatus"]] is ReportState.CANCELLED
    assert order["clientOid"] and standing["clientOid"] and plan["clientOid"]


def test_a_closing_brings_what_the_venue_says_that_it_brought() -> None:
    """rules: COM-05, POS-12"""
    [position] = sample("fetch_positions", "privateMixGetV2MixPositionHistoryPosition")["data"]["list"]

    [closed] = closings_of([CLOSING, OPENING], [], Side.LONG)

    assert closed.net == NET == Decimal(position["netProfit"])
    assert closed.ending.price == Decimal(position["closeAvgPrice"])
    assert not closed.ending.liquidated


def test_funding_paid_while_a_position_was_held_is_part_of_its_result() -> None:
    """rules: COM-05, POS-12"""
    paid = {"symbol": "BTCUSDT", "amount": "-0.004992", "cTime": "1700720690000"}
    before = {"symbol": "BTCUSDT", "amount": "-1", "cTime": "1700720650000"}

    [closed] = closings_of([OPENING, CLOSING], [before, paid], Side.LONG)

    assert closed.ending.funding == Decimal("0.004992")
    assert closed.net == NET - Decimal("0.004992")


def test_the_other_side_is_none_of_a_sides_business() -> None:
    """rules: EXC-06, POS-10"""
    assert closings_of([OPENING, CLOSING], [], Side.SHORT) == []


def test_a_liquidation_is_told_as_one() -> None:
    """rules: POS-10"""
    burst = {**CLOSING, "side": "sell", "tradeSide": "burst_close_long"}

    [closed] = closings_of([OPENING, burst], [], Side.LONG)

    assert closed.ending.liquidated


def test_opening_a_short_in_one_way_mode_closes_no_long() -> None:
    """rules: POS-10"""
    short = {**OPENING, "side": "sell", "tradeSide": "sell_single", "posMode": "one_way_mode"}
    back = {**CLOSING, "side": "buy", "tradeSide": "buy_single", "posMode": "one_way_mode"}

    assert closings_of([short, back], [], Side.LONG) == []
    assert [closed.net for closed in closings_of([short, back], [], Side.SHORT)] == [NET]


@pytest.mark.parametrize(
    ("ticket", "one_way", "hedge"),
    [
        (entry(), {"side": "buy", "reduceOnly": "NO"}, {"side": "buy", "tradeSide": "open"}),
        (leave(), {"side": "sell", "reduceOnly": "YES"}, {"side": "buy", "tradeSide": "close"}),
        (entry(side=Side.SHORT), {"side": "sell", "reduceOnly": "NO"}, {"side": "sell", "tradeSide": "open"}),
        (leave(side=Side.SHORT), {"side": "buy", "reduceOnly": "YES"}, {"side": "sell", "tradeSide": "close"}),
    ],
)
def test_a_plain_order_names_side_and_purpose_as_the_mode_has_it(ticket: Ticket, one_way: Told, hedge: Told) -> None:
    """rules: EXC-06, ORD-05, ORD-11"""
    same = {
        "symbol": "BTCUSDT",
        "productType": "USDT-FUTURES",
        "marginMode": "isolated",
        "marginCoin": "USDT",
        "orderType": "market",
        "size": "0.1",
        "clientOid": ticket.client_id,
    }

    assert plain_order(ticket, hedge=False) == {**same, **one_way}
    assert plain_order(ticket, hedge=True) == {**same, **hedge}


@pytest.mark.parametrize(
    ("ticket", "plan", "one_way", "hedge"),
    [
        (stop("46000"), "loss_plan", "buy", "long"),
        (target("48000"), "profit_plan", "buy", "long"),
        (stop("46000", side=Side.SHORT), "loss_plan", "sell", "short"),
    ],
)
def test_protection_waits_for_the_mark_price_and_names_what_it_reduces(
    ticket: Ticket, plan: str, one_way: str, hedge: str
) -> None:
    """rules: ORD-09, EXC-06"""
    told = plan_order(ticket, hedge=False)

    assert (told["planType"], told["triggerType"], told["executePrice"]) == (plan, "mark_price", "0")
    assert (told["size"], told["clientOid"]) == ("0.1", ticket.client_id)
    assert told["holdSide"] == one_way
    assert plan_order(ticket, hedge=True)["holdSide"] == hedge


@pytest.mark.parametrize(
    ("authorities", "trades", "withdraws"),
    [
        (["coor", "cpor"], False, False),
        (["coow", "cpow"], True, False),
        (["coow", "cpow", "wwow"], True, True),
        (["coow", "cpow", "wtow"], True, True),
        (["trade", "readonly"], True, False),
        (["trade", "withdraw"], True, True),
    ],
)
def test_what_a_key_may_do_is_read_from_its_letters(authorities: list[str], trades: bool, withdraws: bool) -> None:
    """rules: KEY-03"""
    findings = findings_of({"posMode": "hedge_mode"}, {"authorities": authorities, "ips": "10.0.0.1"})

    assert (findings.trades, findings.withdraws, findings.hedge, findings.restricted) == (trades, withdraws, True, True)


def test_a_position_mode_nobody_knows_is_not_guessed() -> None:
    """rules: EXC-06"""
    assert findings_of({"posMode": "another_mode"}, {"authorities": [], "ips": ""}).hedge is None
