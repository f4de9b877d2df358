"""What a trusted strategy advises tightens a member's trade and never loosens it."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.venues import Side
from cbc_domain.risk.defaults import SizingReading, SystemLimits
from cbc_domain.risk.model import TradingSettings
from cbc_domain.signals.model import Advised
from cbc_domain.trading.advice import last_instant, tightened
from cbc_domain.trading.model import Ordered
from cbc_domain.trading.opening import Opening
from cbc_domain.trading.planning import plan
from tests.strategies.trading import IDS, NOW, candidate_ready, opening_of, signal_of

PRICE = Decimal(100)
LIMITS = SystemLimits()
WIDE = TradingSettings(default_leverage=5, stop_loss_multiplier=Decimal(4), take_profit_multiplier=Decimal(6))

levels = st.none() | st.decimals(Decimal("0.01"), 300, places=2)
advice = st.builds(
    Advised,
    leverage=st.none() | st.integers(1, 50),
    stop_loss=levels,
    take_profits=st.lists(st.decimals(Decimal("0.01"), 300, places=2), max_size=3).map(tuple),
)
members = st.builds(
    TradingSettings,
    default_leverage=st.integers(1, 10),
    stop_loss_multiplier=st.sampled_from([Decimal(2), Decimal("3.5"), Decimal(5)]),
    take_profit_multiplier=st.sampled_from([Decimal("5.1"), Decimal(6)]),
)


@given(members, advice, st.sampled_from(Side), st.sampled_from(SizingReading))
def test_no_advice_loosens_anything(settings: TradingSettings, advised: Advised, side: Side, reading: SizingReading) -> None:
    """rules: SIG-15"""
    tight = tightened(settings, advised, side, PRICE, LIMITS, reading)

    assert 1 <= tight.default_leverage <= settings.default_leverage
    assert LIMITS.stop_multiplier_from <= tight.stop_loss_multiplier <= settings.stop_loss_multiplier
    assert tight.stop_loss_multiplier < tight.take_profit_multiplier <= settings.take_profit_multiplier
    same = (tight.default_leverage, tight.stop_loss_multiplier, tight.take_profit_multiplier)
    assert (
        attrs.evolve(settings, default_leverage=same[0], stop_loss_multiplier=same[1], take_profit_multiplier=same[2]) == tight
    )


@pytest.mark.parametrize(
    ("side", "stop", "takes", "expected"),
    [
        (Side.LONG, "97", ("105",), ("3", "5")),
        (Side.SHORT, "103", ("95",), ("3", "5")),
        (Side.LONG, "99.5", (), ("2", "6")),
        (Side.LONG, "95", (), ("4", "6")),
        (Side.LONG, "101", (), ("4", "6")),
        (Side.LONG, None, ("107",), ("4", "6")),
        (Side.LONG, None, ("104",), ("4", "6")),
        (Side.LONG, None, ("104.01",), ("4", "4.01")),
        (Side.LONG, None, ("105", "104.5", "110"), ("4", "4.5")),
        (Side.LONG, None, ("95",), ("4", "6")),
    ],
)
def test_stop_and_target_come_nearer_within_the_limits(
    side: Side, stop: str | None, takes: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """rules: SIG-15, GEN-08"""
    advised = Advised(stop_loss=None if stop is None else Decimal(stop), take_profits=tuple(Decimal(take) for take in takes))

    tight = tightened(WIDE, advised, side, PRICE, LIMITS)

    assert (tight.stop_loss_multiplier, tight.take_profit_multiplier) == (Decimal(expected[0]), Decimal(expected[1]))


def test_the_multiplier_of_a_notional_reading_counts_the_leverage() -> None:
    """rules: SIG-15, SIZ-13"""
    tight = tightened(WIDE, Advised(stop_loss=Decimal(85)), Side.LONG, PRICE, LIMITS, SizingReading.PRICE_NOTIONAL)

    assert tight.stop_loss_multiplier == 3


def advising(advised: Advised, *, trusted: bool) -> Opening:
    opening = opening_of(attrs.evolve(signal_of(), advised=advised))
    return attrs.evolve(opening, strategy=attrs.evolve(opening.strategy, trusted=trusted))


def test_a_trade_of_a_trusted_strategy_takes_its_advice_and_no_other_does() -> None:
    """rules: SIG-15"""
    advised = Advised(leverage=2, take_profits=(Decimal(61500),))
    usual = plan(candidate_ready(), opening_of(), IDS)

    trusted = plan(candidate_ready(), advising(advised, trusted=True), IDS)
    stranger = plan(candidate_ready(), advising(advised, trusted=False), IDS)

    assert isinstance(usual, Ordered)
    assert isinstance(trusted, Ordered)
    assert isinstance(stranger, Ordered)
    assert (trusted.position.size.leverage, trusted.position.take_multiplier) == (2, Decimal("2.5"))
    assert trusted.position.size.notional < usual.position.size.notional
    assert stranger.position == usual.position


def test_a_trade_remembers_under_which_settings_it_was_planned() -> None:
    """rules: CFG-04"""
    ordered = plan(attrs.evolve(candidate_ready(), settings_version=17), opening_of(), IDS)

    assert isinstance(ordered, Ordered)
    assert ordered.position.settings_version == 17


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_an_open_is_sent_before_its_expiry_and_within_the_window(seconds: int) -> None:
    """rules: SIG-15, SIG-21, GEN-07"""
    expires_at = NOW + timedelta(seconds=seconds)

    assert last_instant(NOW, Advised()) == NOW
    assert last_instant(NOW, Advised(expires_at=expires_at)) == min(NOW, expires_at - timedelta(microseconds=1))


def test_the_order_of_an_expiring_signal_leaves_no_later() -> None:
    """rules: SIG-15"""
    expires_at = signal_of().received_at + timedelta(seconds=30)
    ordered = plan(candidate_ready(), advising(Advised(expires_at=expires_at), trusted=True), IDS)

    assert isinstance(ordered, Ordered)
    assert ordered.task.not_after == expires_at - timedelta(microseconds=1)
