"""Symbols, prices and indicators are read strictly or not at all."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.venues import SYMBOL, coin_of
from cbc_domain.signals.values import flag, indicators_of, is_blank, number, price_of, symbol_of
from tests.rulebook import cases
from tests.strategies.signals import json_values, numeric_texts, tickers


@given(st.text() | tickers | json_values)
def test_a_symbol_that_was_normalised_stays_as_it_is(value: object) -> None:
    """rules: SIG-12"""
    try:
        symbol = symbol_of(value)
    except Invalid as refusal:
        assert refusal.code in ("symbol_missing", "symbol_invalid")
        return

    assert SYMBOL.fullmatch(symbol)
    assert symbol_of(symbol) == symbol
    assert symbol_of(f" binance:{symbol.lower()}.p ") == symbol


@given(numeric_texts | json_values | st.decimals())
def test_a_number_is_finite_and_of_sane_size_or_nothing(value: object) -> None:
    """rules: SIG-13, GEN-02"""
    known = number(value)

    assert known is None or (known.is_finite() and abs(known) < 10**20)
    assert known is None or number(f"{known:f}") == known
    assert known is None or not is_blank(value)


@given(st.decimals(min_value="0.0000000001", max_value=10**12, places=10))
def test_a_price_is_read_exactly(price: Decimal) -> None:
    """rules: SIG-13, GEN-02"""
    assert price_of("close", f"{price:f}") == price


@pytest.mark.parametrize("row", cases("symbol_cases"))
def test_the_table_of_symbols(row: Mapping[str, Any]) -> None:
    """rules: SIG-12"""
    ticker, expected = row["input"]["symbol"], row["expect"]
    if "error" in expected:
        with pytest.raises(Invalid) as refusal:
            symbol_of(ticker)
        assert refusal.value.code == expected["error"]
        return

    symbol = symbol_of(ticker)

    assert symbol == expected["symbol"]
    assert coin_of(symbol) == expected["base"]


@pytest.mark.parametrize(
    "ticker",
    [
        "ßUSDT",
        "u\N{LATIN SMALL LETTER LONG S}dt",
        "A" * 21 + "USDT",
        "BTCUSDT\n.P",
        "BTC\x00USDT",
        "\N{FULLWIDTH DIGIT ONE}USDT",
        "1:BTCUSDT",
        "A" * 100,
    ],
)
def test_a_symbol_of_other_characters_is_invalid(ticker: str) -> None:
    """rules: SIG-12, GEN-11"""
    with pytest.raises(Invalid, match="symbol_invalid"):
        symbol_of(ticker)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("142.37", "142.37"),
        (" 142.37 ", "142.37"),
        ("+.5", "0.5"),
        ("1.2E-7", "0.00000012"),
        (Decimal("1E+3"), "1000"),
        ("2,9", None),
        ("1_000", None),
        ("0x10", None),
        ("٣", None),
        ("1e999", None),
        ("1e-41", None),
        ("9" * 21, None),
        ("9" * 65, None),
        (True, None),
        (["1"], None),
        (Decimal("NaN"), None),
    ],
)
def test_a_number_has_a_decimal_point_and_plain_digits(value: object, expected: str | None) -> None:
    """rules: SIG-13"""
    assert number(value) == (Decimal(expected) if expected is not None else None)


@pytest.mark.parametrize("value", [None, "", "  ", "NaN", "nan", "na", "N/A", "Infinity", "-inf", "+Infinity"])
def test_words_for_no_value_are_no_value(value: object) -> None:
    """rules: SIG-13"""
    assert is_blank(value)
    assert number(value) is None


@pytest.mark.parametrize("value", ["-", "+", "abc", "0", False, [], "NaN" * 30])
def test_other_words_are_not_the_absence_of_a_value(value: object) -> None:
    """rules: SIG-13"""
    assert not is_blank(value)


@pytest.mark.parametrize("value", ["0", "-0", "-3", "2,9", "abc", "1e999", Decimal(0), Decimal("1E+30"), True, {}, "9" * 70])
def test_a_price_of_zero_or_less_or_unreadable_is_bad(value: object) -> None:
    """rules: SIG-13"""
    with pytest.raises(Invalid, match="signal_bad_price"):
        price_of("close", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1", True),
        ("0", False),
        (Decimal(1), True),
        (Decimal(0), False),
        (True, True),
        (False, False),
        ("true", True),
        ("False", False),
        ("1.0", True),
        ("2", None),
        ("yes", None),
        (None, None),
    ],
)
def test_a_flag_is_zero_or_one_or_nothing(value: object, expected: bool | None) -> None:
    """rules: SIG-13"""
    assert flag(value) is expected


@pytest.mark.parametrize(("value", "expected"), [("0", 0), ("100", 100), ("100.01", None), ("-0.01", None), ("NaN", None)])
@pytest.mark.parametrize("name", ["rsi", "rsi_15", "rsi_4h"])
def test_an_rsi_outside_0_to_100_is_null(name: str, value: str, expected: int | None) -> None:
    """rules: SIG-13, GEN-08"""
    assert indicators_of({name: value}) == {name: expected}


def test_only_known_indicators_are_taken() -> None:
    """rules: SIG-11, SIG-13, GEN-11"""
    fields = {"macd": Decimal("-12.4"), "my_indicator": "7", "momentum_15": "na", "golden_cross_30": "1"}

    assert indicators_of(fields) == {"macd": Decimal("-12.4"), "momentum_15": None, "golden_cross_30": True}
