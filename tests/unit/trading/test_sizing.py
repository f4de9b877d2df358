"""A trade is as large as the member wishes and no limit forbids, and its stop stands before liquidation."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.rounding import half_up
from cbc_domain.kernel.venues import Side
from cbc_domain.risk.defaults import SizingReading, SystemLimits
from cbc_domain.risk.model import Reason, TradingSettings
from cbc_domain.trading.protection import bracket_for
from cbc_domain.trading.sizes import Bracket, Instrument, Size, SizeFlag
from cbc_domain.trading.sizing import Funds, Unsized, protection, size
from tests.rulebook import table
from tests.strategies.trading import BTC_RULES, LIMITS, accounts_funds, decimals, instruments, prices, settings

ROWS: list[Mapping[str, Any]] = table("sizing_cases")
FACTORS = st.sampled_from([Decimal(1), Decimal("0.5")])
READINGS = st.sampled_from(SizingReading)
SIDES = st.sampled_from(Side)


def outward(side: Side, one: Decimal, other: Decimal) -> Decimal:
    return one - other if side is Side.LONG else other - one


def quantity_of(sized: Size | Unsized) -> Decimal:
    return sized.quantity if isinstance(sized, Size) else Decimal(0)


def sized_of(case: Mapping[str, Any]) -> Size | Unsized:
    """Size a row of the table, with the book's values for what the row leaves out."""
    given = {key: str(value) for key, value in case.items()}
    wishes = TradingSettings(
        default_leverage=int(given.get("leverage", "5")),
        max_leverage=10,
        position_size_percentage=Decimal(given.get("size_pct", "30")),
        stop_loss_multiplier=Decimal(given.get("sl_mult", "2")),
        take_profit_multiplier=Decimal(given.get("tp_mult", "3")),
        max_position_usd=Decimal(given["user_cap_usd"]) if "user_cap_usd" in given else None,
    )
    instrument = Instrument(
        symbol=BTC_RULES.symbol,
        tick=Decimal(given["tick"]),
        step=Decimal(given["step"]),
        min_quantity=Decimal(given["min_qty"]),
        min_notional=Decimal(given.get("min_notional", "0")),
        brackets=(Bracket(None, 125, Decimal(given.get("mmr", "0.005"))),),
        max_market_quantity=Decimal(given["max_qty"]) if "max_qty" in given else None,
        contract_size=Decimal(given.get("contract_size", "1")),
    )
    funds = Funds(
        equity=Decimal(given.get("equity", given["available"])),
        available=Decimal(given["available"]),
        margin_in_use=Decimal(given.get("used_margin", "0")),
        open_notional=Decimal(given.get("open_notional", "0")),
    )
    factor = Decimal("0.5") if case.get("reduce") else Decimal(1)
    reading = SizingReading(given.get("reading", "margin_roe"))
    return size(Side(given["side"]), Decimal(given["price"]), funds, wishes, instrument, LIMITS, factor, reading)


@given(SIDES, prices, accounts_funds, settings, instruments, FACTORS, READINGS)
def test_no_trade_is_above_any_cap(
    side: Side,
    price: Decimal,
    funds: Funds,
    wishes: TradingSettings,
    instrument: Instrument,
    factor: Decimal,
    reading: SizingReading,
) -> None:
    """rules: SIZ-12, SIZ-05, SIZ-09"""
    sized = size(side, price, funds, wishes, instrument, LIMITS, factor, reading)
    if not isinstance(sized, Size):
        return

    equity = Fraction(funds.equity)
    assert Fraction(sized.notional) <= 3 * equity - Fraction(funds.open_notional)
    assert Fraction(sized.notional) / sized.leverage <= Fraction(funds.available)
    assert Fraction(sized.notional) / sized.leverage <= equity * 95 / 100 - Fraction(funds.margin_in_use)
    assert Fraction(sized.notional) / sized.leverage <= equity / 2
    assert Fraction(sized.loss_at_stop) <= equity * 5 / 100
    assert wishes.max_position_usd is None or sized.notional <= wishes.max_position_usd
    assert instrument.max_market_quantity is None or sized.quantity <= instrument.max_market_quantity


@given(SIDES, prices, accounts_funds, settings, instruments, FACTORS, READINGS)
def test_leverage_never_exceeds_the_wish_or_the_venue_and_the_stop_is_clear_of_liquidation(
    side: Side,
    price: Decimal,
    funds: Funds,
    wishes: TradingSettings,
    instrument: Instrument,
    factor: Decimal,
    reading: SizingReading,
) -> None:
    """rules: SIZ-04, SIZ-09, SIZ-12"""
    sized = size(side, price, funds, wishes, instrument, LIMITS, factor, reading)
    if not isinstance(sized, Size):
        return

    bracket = bracket_for(instrument, sized.notional)
    assert bracket is not None
    assert sized.leverage <= min(wishes.default_leverage, bracket.max_leverage)
    distance = Fraction(abs(price - sized.stop_loss)) / Fraction(price)
    assert distance <= Fraction("0.8") * (Fraction(1, sized.leverage) - Fraction(bracket.maintenance_rate))


@given(SIDES, prices, accounts_funds, settings, instruments, FACTORS, READINGS)
def test_quantities_are_on_the_step_and_prices_on_the_tick_each_on_its_side(
    side: Side,
    price: Decimal,
    funds: Funds,
    wishes: TradingSettings,
    instrument: Instrument,
    factor: Decimal,
    reading: SizingReading,
) -> None:
    """rules: SIZ-06, SIZ-08, SIZ-12"""
    sized = size(side, price, funds, wishes, instrument, LIMITS, factor, reading)
    if not isinstance(sized, Size):
        return

    assert sized.quantity % instrument.step == 0
    assert sized.quantity >= instrument.min_quantity
    assert sized.notional >= instrument.min_notional
    assert sized.stop_loss % instrument.tick == 0
    assert sized.take_profit % instrument.tick == 0
    assert outward(side, price, sized.stop_loss) > 0
    assert outward(side, sized.take_profit, price) > 0


@given(SIDES, prices, accounts_funds, settings, instruments, FACTORS, READINGS, decimals("0", "1", 2))
def test_less_balance_never_buys_more(
    side: Side,
    price: Decimal,
    funds: Funds,
    wishes: TradingSettings,
    instrument: Instrument,
    factor: Decimal,
    reading: SizingReading,
    share: Decimal,
) -> None:
    """rules: SIZ-12"""
    less = attrs.evolve(funds, equity=funds.equity * share, available=funds.available * share)
    whole = size(side, price, funds, wishes, instrument, LIMITS, factor, reading)
    if isinstance(whole, Unsized) and set(whole.reasons) & {Reason.STOP_BEYOND_LIQUIDATION, Reason.TICK_TOO_COARSE}:
        return

    part = size(side, price, less, wishes, instrument, LIMITS, factor, reading)

    assert quantity_of(part) <= quantity_of(whole)


@given(SIDES, prices, accounts_funds, settings, instruments)
def test_a_halved_trade_is_never_larger(
    side: Side, price: Decimal, funds: Funds, wishes: TradingSettings, instrument: Instrument
) -> None:
    """rules: SIZ-03"""
    whole = size(side, price, funds, wishes, instrument, LIMITS)
    half = size(side, price, funds, wishes, instrument, LIMITS, Decimal("0.5"))

    if isinstance(whole, Size) and isinstance(half, Size):
        assert half.quantity <= whole.quantity
        assert SizeFlag.REDUCED_HALF in half.flags


@given(prices, accounts_funds, settings, instruments, READINGS)
def test_a_short_mirrors_a_long(
    price: Decimal, funds: Funds, wishes: TradingSettings, instrument: Instrument, reading: SizingReading
) -> None:
    """rules: SIZ-08, SIZ-12"""
    long = size(Side.LONG, price, funds, wishes, instrument, LIMITS, reading=reading)
    short = size(Side.SHORT, price, funds, wishes, instrument, LIMITS, reading=reading)
    if not (isinstance(long, Size) and isinstance(short, Size)):
        return

    assert (long.quantity, long.leverage, long.notional, long.margin) == (
        short.quantity,
        short.leverage,
        short.notional,
        short.margin,
    )
    assert abs((price - long.stop_loss) - (short.stop_loss - price)) <= instrument.tick
    assert abs((long.take_profit - price) - (price - short.take_profit)) <= instrument.tick


@pytest.mark.parametrize("case", [row for row in ROWS if "qty" in row["expect"]], ids=lambda row: row["id"])
def test_a_trade_has_the_size_and_the_protection_of_the_book(case: Mapping[str, Any]) -> None:
    """rules: SIZ-01, SIZ-03, SIZ-05, SIZ-06, SIZ-08, SIZ-09, SIZ-11, SIZ-13"""
    sized = sized_of(case["input"])

    assert isinstance(sized, Size)
    told = {
        "margin_used": half_up(sized.margin, 8),
        "qty": sized.quantity,
        "notional": sized.notional,
        "stop_loss": sized.stop_loss,
        "take_profit": sized.take_profit,
        "loss_at_stop": sized.loss_at_stop,
        "gain_at_target": sized.gain_at_target,
    }
    expected = case["expect"]
    assert told == {name: Decimal(expected[name]) for name in told}
    assert list(sized.flags) == expected["flags"]


@pytest.mark.parametrize("case", [row for row in ROWS if "reject" in row["expect"]], ids=lambda row: row["id"])
def test_a_trade_without_a_permitted_size_is_refused_with_the_reason_of_the_book(
    case: Mapping[str, Any],
) -> None:
    """rules: SIZ-02, SIZ-05, SIZ-06, SIZ-09, SIZ-13"""
    refused = sized_of(case["input"])

    assert isinstance(refused, Unsized)
    assert refused.reasons == (case["expect"]["reject"],)
    assert list(refused.flags) == case["expect"].get("flags", [])


@pytest.mark.parametrize(
    ("side", "price", "tick", "expected"),
    [
        (Side.LONG, "60000", "0.1", "0.025 1500 300 58800 61800 30 45"),
        (Side.SHORT, "60000", "0.1", "0.025 1500 300 61200 58200 30 45"),
        (Side.LONG, "2500.37", "0.01", "0.599 1497.72163 299.544326 2450.36 2575.38 29.95599 44.93099"),
        (Side.SHORT, "2500.37", "0.01", "0.599 1497.72163 299.544326 2550.38 2425.36 29.95599 44.93099"),
    ],
)
def test_a_thousand_dollars_at_default_settings(side: Side, price: str, tick: str, expected: str) -> None:
    """rules: SIZ-EX1"""
    funds = Funds(Decimal(1000), Decimal(1000))
    instrument = attrs.evolve(BTC_RULES, tick=Decimal(tick))

    sized = size(side, Decimal(price), funds, TradingSettings(), instrument, LIMITS)

    assert isinstance(sized, Size)
    amounts = (sized.quantity, sized.notional, sized.margin, sized.stop_loss, sized.take_profit)
    assert (*amounts, sized.loss_at_stop, sized.gain_at_target) == tuple(map(Decimal, expected.split()))


def test_every_reason_before_the_quantity_is_told_at_once() -> None:
    """rules: ELG-04, SIZ-02, SIZ-05"""
    funds = Funds(Decimal(24), Decimal(24), margin_in_use=Decimal(23), open_notional=Decimal(72))

    refused = size(Side.LONG, Decimal(60000), funds, TradingSettings(), BTC_RULES, LIMITS)

    assert refused == Unsized((Reason.EXCHANGE_BALANCE_TOO_LOW, Reason.MARGIN_RESERVE, Reason.EXPOSURE_CAP))


def test_a_venue_without_leverage_rules_gets_no_order() -> None:
    """rules: SIZ-07"""
    bare = attrs.evolve(BTC_RULES, brackets=())

    refused = size(Side.LONG, Decimal(60000), Funds(Decimal(1000), Decimal(1000)), TradingSettings(), bare, LIMITS)

    assert refused == Unsized((Reason.UNAVAILABLE,))


@pytest.mark.parametrize(("free", "leverage", "notional"), [("1000", 5, "1500"), ("3000", 5, "2000"), ("5000", 2, "3000")])
def test_the_leverage_is_the_one_the_venue_allows_for_the_notional(free: str, leverage: int, notional: str) -> None:
    """rules: SIZ-04"""
    tiers = (Bracket(Decimal(2000), 10, Decimal("0.005")), Bracket(None, 2, Decimal("0.01")))
    instrument = attrs.evolve(BTC_RULES, brackets=tiers)

    sized = size(Side.LONG, Decimal(50000), Funds(Decimal(free), Decimal(free)), TradingSettings(), instrument, LIMITS)

    assert isinstance(sized, Size)
    assert (sized.leverage, sized.notional) == (leverage, Decimal(notional))


def test_a_system_limit_below_the_wish_binds() -> None:
    """rules: SIZ-04, CFG-14"""
    limits = SystemLimits(max_leverage=3)

    sized = size(Side.LONG, Decimal(60000), Funds(Decimal(1000), Decimal(1000)), TradingSettings(), BTC_RULES, limits)

    assert isinstance(sized, Size)
    assert sized.leverage == 3


@pytest.mark.parametrize(("side", "stop", "target"), [(Side.LONG, "98.26", "103.27"), (Side.SHORT, "102.28", "97.26")])
def test_protection_follows_the_average_fill_price(side: Side, stop: str, target: str) -> None:
    """rules: SIZ-08, SIZ-10"""
    placed = protection(side, Decimal("100.267"), Decimal(2), Decimal(3), Decimal("0.01"))

    assert (placed.stop_loss, placed.take_profit) == (Decimal(stop), Decimal(target))
    assert placed.faults == ()


def test_a_stop_that_is_too_wide_is_rounded_toward_the_entry() -> None:
    """rules: SIZ-09"""
    placed = protection(Side.LONG, Decimal("1.5001"), Decimal("3.2"), Decimal(5), Decimal("0.001"), Decimal("0.048"))

    assert (placed.stop_loss, placed.rounded_toward_entry, placed.faults) == (Decimal("1.453"), True, ())
