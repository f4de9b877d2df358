"""Indicators speak for a side only where an alert has no words, and only when they agree."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.venues import Side
from cbc_domain.signals.inference import inferred_side
from cbc_domain.signals.model import SignalKind
from cbc_domain.signals.parse import INFERRED, parse_alert, render

LONG = {"cruzou_acima_ema9": "1", "cruzou_abaixo_ema9": "0", "rsi_4h": "69.99", "momentum_15": "0.01"}
SHORT = {"cruzou_acima_ema9": "0", "cruzou_abaixo_ema9": "1", "rsi_4h": "30.01", "momentum_15": "-0.01"}

values = st.fixed_dictionaries(
    {},
    optional={
        "cruzou_acima_ema9": st.booleans() | st.none(),
        "cruzou_abaixo_ema9": st.booleans() | st.none(),
        "rsi_4h": st.none() | st.decimals(0, 100, places=2),
        "momentum_15": st.none() | st.decimals(-5, 5, places=2),
    },
)


@given(values)
def test_a_side_needs_its_crossing_and_both_measures(indicators: Mapping[str, Decimal | bool | None]) -> None:
    """rules: SIG-14"""
    side = inferred_side(indicators)

    rsi, momentum = indicators.get("rsi_4h"), indicators.get("momentum_15")
    if rsi is None or momentum is None:
        assert side is None
    elif side is Side.LONG:
        assert (indicators.get("cruzou_acima_ema9"), rsi < 70, momentum > 0) == (True, True, True)
    elif side is Side.SHORT:
        assert (indicators.get("cruzou_abaixo_ema9"), rsi > 30, momentum < 0) == (True, True, True)


@pytest.mark.parametrize(
    ("indicators", "kind"),
    [
        (LONG, SignalKind.OPEN_LONG_WEAK),
        (SHORT, SignalKind.OPEN_SHORT_WEAK),
        ({**LONG, "rsi_4h": "70"}, None),
        ({**LONG, "momentum_15": "0"}, None),
        ({**LONG, "cruzou_acima_ema9": "0"}, None),
        ({**SHORT, "rsi_4h": "30"}, None),
        ({**SHORT, "momentum_15": "0"}, None),
        ({**LONG, "rsi_4h": "NaN"}, None),
        ({}, None),
    ],
)
def test_the_kind_that_indicators_stand_for_is_weak_and_says_where_it_comes_from(
    indicators: dict[str, str], kind: SignalKind | None
) -> None:
    """rules: SIG-14, GEN-08"""
    body = {"ticker": "SOLUSDT", **indicators}
    if kind is None:
        with pytest.raises(Invalid) as refusal:
            parse_alert(body, infer=True)
        assert refusal.value.code == "signal_kind_missing"
        return

    alert = parse_alert(body, infer=True)

    assert (alert.kind, alert.warnings) == (kind, (INFERRED,))
    assert parse_alert(render(alert), infer=True) == alert


@pytest.mark.parametrize(("text", "code"), [("HOLD", "signal_kind_unknown"), ("!!!", "signal_kind_missing")])
def test_a_text_that_is_there_is_never_replaced(text: str, code: str) -> None:
    """rules: SIG-10, SIG-14"""
    with pytest.raises(Invalid) as refusal:
        parse_alert({"ticker": "SOLUSDT", "signal": text, **LONG}, infer=True)

    assert refusal.value.code == code


def test_words_go_before_indicators() -> None:
    """rules: SIG-14"""
    alert = parse_alert({"ticker": "SOLUSDT", "action": "SELL", **LONG}, infer=True)

    assert (alert.kind, alert.warnings) == (SignalKind.OPEN_SHORT_WEAK, ())


def test_nothing_is_inferred_unless_it_is_asked_for() -> None:
    """rules: SIG-14"""
    with pytest.raises(Invalid) as refusal:
        parse_alert({"ticker": "SOLUSDT", **LONG})

    assert refusal.value.code == "signal_kind_missing"


@pytest.mark.parametrize("signal", ["", "  ", None, 5, []])
def test_an_empty_text_is_a_missing_one(signal: object) -> None:
    """rules: SIG-10, SIG-14"""
    assert parse_alert({"ticker": "SOLUSDT", "signal": signal, **LONG}, infer=True).kind is SignalKind.OPEN_LONG_WEAK
