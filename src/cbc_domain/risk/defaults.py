"""The business switches and the system limits, with the defaults of the rule book (GEN-16)."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.market.model import NeutralPolicy
from cbc_domain.plans.model import CommissionBasis, ShareBasis


class SizingReading(StrEnum):
    """What the size percentage and the multipliers are percents of (SIZ-01, SIZ-13)."""

    MARGIN_ROE = "margin_roe"
    PRICE_NOTIONAL = "price_notional"


class FeeDebitOrder(StrEnum):
    """Which balance pays a charge first (BAL-10)."""

    ADMIN_FIRST = "admin,real,other_currency,debt"
    REAL_FIRST = "real,admin,other_currency,debt"


@attrs.frozen
class Switches:
    """The business switches of section 38 that the core reads, by their stored names; a change acts on new work only."""

    affiliate_share_basis: ShareBasis = ShareBasis.COMMISSION
    affiliate_share_normal: Decimal = Decimal("0.015")
    affiliate_share_vip: Decimal = Decimal("0.05")
    sizing_reading: SizingReading = SizingReading.MARGIN_ROE
    neutral_market_policy: NeutralPolicy = NeutralPolicy.BOTH_FOR_STRONG
    min_operating_balance_waived_for_monthly: bool = False
    fee_debit_order: FeeDebitOrder = FeeDebitOrder.ADMIN_FIRST
    accept_weak_signals: bool = False
    commission_basis: CommissionBasis = CommissionBasis.PER_TRADE
    live_trading_enabled: bool = False
    live_requires_two_factor: bool = True
    rehearsal_trades_required: int = 5
    infer_kind_from_indicators: bool = False
    ai_enabled: bool = True
    coin_block_minutes: int = 120
    loss_streak_pause: bool = True


SWITCH_RANGES: Final[Mapping[str, tuple[Decimal, Decimal]]] = MappingProxyType(
    {
        "affiliate_share_normal": (Decimal(0), Decimal("0.5")),
        "affiliate_share_vip": (Decimal(0), Decimal("0.5")),
        "rehearsal_trades_required": (Decimal(0), Decimal(50)),
        "coin_block_minutes": (Decimal(30), Decimal(480)),
    }
)
"""The lowest and the highest value of the switches that are numbers, both permitted (section 38)."""


def check_switch(name: str, value: object) -> None:
    """Raises Invalid `setting_out_of_range` for a number that its switch does not permit."""
    low, high = SWITCH_RANGES.get(name, (None, None))
    if low is not None and high is not None and isinstance(value, int | Decimal) and not low <= value <= high:
        raise Invalid("setting_out_of_range", f"expected {name} in {low}..{high}, was {value}")


@attrs.frozen
class SystemLimits:
    """The limits nobody's wish can pass (CFG-14, RSK-01): percentages in percent, USDT amounts as Decimal.

    `notional_per_day` None means no cap. Member values are clamped into `max_leverage` .. `daily_loss_percentage` (CFG-01).
    """

    max_leverage: int = 10
    stop_multiplier_from: Decimal = Decimal(2)
    stop_multiplier_to: Decimal = Decimal(5)
    take_multiplier_to: Decimal = Decimal(6)
    size_percentage_from: Decimal = Decimal(10)
    size_percentage_to: Decimal = Decimal(50)
    max_positions: int = 5
    max_position_usd: Decimal = Decimal(1_000_000)
    daily_loss_percentage: Decimal = Decimal(10)
    weekly_loss_percentage: Decimal = Decimal(25)
    drawdown_percentage: Decimal = Decimal(20)
    trades_per_day: int = 10
    notional_per_day: Decimal | None = None
    orders_per_minute: int = 10
    loss_streak: int = 4
    loss_streak_pause: timedelta = timedelta(minutes=240)
    new_member_period: timedelta = timedelta(days=30)
    new_member_leverage: int = 5
    minimum_operating: tuple[Money, ...] = (Money(100_00, BRL), Money(20_00, USD))
    min_equity: Decimal = Decimal(25)
    margin_reserve_percentage: Decimal = Decimal(5)
    max_margin_per_trade_percentage: Decimal = Decimal(50)
    exposure_times_equity: Decimal = Decimal(3)
    risk_per_trade_percentage: Decimal = Decimal(5)
    liquidation_buffer: Decimal = Decimal("0.8")
    slippage_percentage: Decimal = Decimal("0.5")
    reward_risk_warn: Decimal = Decimal("1.2")
    execution_window: timedelta = timedelta(seconds=120)
    protect_attempts: int = 3
    protect_deadline: timedelta = timedelta(seconds=5)
    reading_age: timedelta = timedelta(seconds=10)
    measure_age: timedelta = timedelta(seconds=60)
