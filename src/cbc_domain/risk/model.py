"""Reasons a trade is refused, the gates of live trading, and the facts they are judged on."""

from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

import attrs

from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment, Symbol, Venue


class Reason(StrEnum):
    """Every reason code of decisions and tasks (section 37), in the order of ELG-04 where it has one.

    `rate_limited` is the book's code for who is too fast; its list of reasons has none for ORD-15.
    """

    ACCOUNT_NOT_ACTIVE = "account_not_active"
    TRADING_DISABLED = "trading_disabled"
    EMERGENCY_STOP = "emergency_stop"
    STRATEGY_NOT_SUBSCRIBED = "strategy_not_subscribed"
    STRATEGY_PAUSED = "strategy_paused"
    MODE_NOT_AVAILABLE = "mode_not_available"
    KEY_NOT_VALID = "key_not_valid"
    SYMBOL_BLOCKED_BY_MEMBER = "symbol_blocked_by_member"
    SYMBOL_NOT_TRADABLE = "symbol_not_tradable"
    OUTSIDE_TRADING_HOURS = "outside_trading_hours"
    POSITION_LIMIT = "position_limit"
    COIN_BLOCKED = "coin_blocked"
    POSITION_EXISTS = "position_exists"
    DAILY_LOSS_LIMIT = "daily_loss_limit"
    WEEKLY_LOSS_LIMIT = "weekly_loss_limit"
    DRAWDOWN_PAUSE = "drawdown_pause"
    LOSS_STREAK_PAUSE = "loss_streak_pause"
    TRADES_PER_DAY = "trades_per_day"
    DAILY_VOLUME_LIMIT = "daily_volume_limit"
    SETTINGS_INVALID = "settings_invalid"
    EXCHANGE_BALANCE_TOO_LOW = "exchange_balance_too_low"
    MARGIN_RESERVE = "margin_reserve"
    EXPOSURE_CAP = "exposure_cap"
    QTY_BELOW_MINIMUM = "qty_below_minimum"
    NOTIONAL_BELOW_MINIMUM = "notional_below_minimum"
    STOP_BEYOND_LIQUIDATION = "stop_beyond_liquidation"
    TICK_TOO_COARSE = "tick_too_coarse"
    DIRECTION_NOT_ALLOWED = "direction_not_allowed"
    CRITERIA_NOT_MET = "criteria_not_met"
    AI_VETO = "ai_veto"
    SLIPPAGE_TOO_HIGH = "slippage_too_high"
    WINDOW_EXPIRED = "window_expired"
    SIGNAL_TOO_OLD = "signal_too_old"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"


class LiveGate(StrEnum):
    """What live trading needs, in the order in which the failing ones are shown (ELG-02)."""

    LIVE_FLAG_OFF = "live_flag_off"
    EMAIL_NOT_VERIFIED = "email_not_verified"
    TERMS_NOT_ACCEPTED = "terms_not_accepted"
    TWO_FACTOR_REQUIRED = "two_factor_required"
    REHEARSAL_INCOMPLETE = "rehearsal_incomplete"
    PLAN_NOT_ELIGIBLE = "plan_not_eligible"
    DEBT_OUTSTANDING = "debt_outstanding"
    BALANCE_BELOW_MINIMUM = "balance_below_minimum"
    LIVE_KEY_NOT_VALID = "live_key_not_valid"
    MEMBER_LIVE_OFF = "member_live_off"


class RiskLevel(StrEnum):
    """A preset of size and leverage (CFG-07); custom once one of its values was changed."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CUSTOM = "custom"


@attrs.frozen
class TradingWindow:
    """Hours of each day in the member's zone: from `start`, before `end`; past midnight when end <= start."""

    start: time
    end: time


@attrs.frozen
class TradingSettings:
    """The trading settings of a member (CFG-05): multipliers and percentages in percent; None and empty mean no limit."""

    default_leverage: int = 5
    max_leverage: int = 5
    stop_loss_multiplier: Decimal = Decimal("2.0")
    take_profit_multiplier: Decimal = Decimal("3.0")
    position_size_percentage: Decimal = Decimal(30)
    max_open_positions: int = 2
    max_position_usd: Decimal | None = None
    daily_loss_limit_percentage: Decimal = Decimal(10)
    risk_level: RiskLevel = RiskLevel.MEDIUM
    auto_trade_enabled: bool = False
    trading_mode: Environment = Environment.TESTNET
    preferred_exchange: Venue = Venue.BYBIT
    allowed_symbols: frozenset[Symbol] = frozenset()
    blocked_symbols: frozenset[Symbol] = frozenset()
    trading_hours: tuple[TradingWindow, ...] = ()
    trade_weekends: bool = True
    trailing_stop_enabled: bool = False
    trailing_stop_percentage: Decimal = Decimal("1.5")
    max_duration_minutes: int | None = None
    loss_streak_pause_enabled: bool = True
    auto_close_on_direction_change: bool = False


class KeyStatus(StrEnum):
    VALID = "VALID"
    INVALID = "INVALID"
    REMOVED = "REMOVED"


@attrs.frozen
class ExchangeAccount:
    """A member's connected exchange account (KEY-01); the secret itself is never part of it.

    `label` is the member's word for it and `last4` the end of the public key; both may be shown.
    """

    id: AccountId
    member: MemberId
    venue: Venue
    environment: Environment
    label: str
    last4: str
    created_at: datetime
    status: KeyStatus = KeyStatus.VALID
    can_trade: bool = True
    can_withdraw: bool = False
    hedge: bool = False

    @property
    def usable(self) -> bool:
        return self.status is KeyStatus.VALID and self.can_trade and not self.can_withdraw


@attrs.frozen
class EquityBase:
    """The equities that loss limits are measured against (RSK-03), in USDT, for one member and environment.

    Each is what was measured, with what is known to have been moved into the usable accounts since that instant, less what
    was moved out: neither is a gain or a loss. `peak` is None where the member resumed after a drawdown and nothing was
    measured since.
    """

    day_start: Decimal
    week_start: Decimal
    peak: Decimal | None


@attrs.frozen
class Activity:
    """What a member has open, blocked and done in one environment, counting tasks in flight (ELG-05).

    `open_symbols` and `open_count` count positions OPENING, PROTECTED and CLOSING; `open_notional` and `margin_in_flight`
    are USDT; `blocked_coins` maps a coin to the instant it is free again; `loss_streak_until` is None when not paused;
    `drawdown_paused` lasts until the member resumes (RSK-01).
    """

    environment: Environment
    open_symbols: frozenset[str] = frozenset()
    open_notional: Decimal = Decimal(0)
    margin_in_flight: Decimal = Decimal(0)
    blocked_coins: tuple[tuple[str, datetime], ...] = ()
    trades_today: int = 0
    notional_today: Decimal = Decimal(0)
    loss_streak: int = 0
    loss_streak_until: datetime | None = None
    base: EquityBase | None = None
    drawdown_paused: bool = False

    @property
    def open_count(self) -> int:
        return len(self.open_symbols)


@attrs.frozen
class LimitNotice:
    """A risk limit that was reached (RSK-04): `value` is None when it cannot be measured now.

    `until` is when it ends by itself; None means that it ends when the measure is below it again, or by the member's own act.
    """

    reason: Reason
    value: Decimal | None
    limit: Decimal
    until: datetime | None


@attrs.frozen
class CoinBlock:
    """A coin closed for opens of one member and environment until `until` (POS-20)."""

    member: MemberId
    environment: Environment
    coin: str
    since: datetime
    until: datetime
    cause: str


class StopLevel(StrEnum):
    """How hard an emergency act stops (RSK-20)."""

    PAUSE = "pause"
    REDUCE_ONLY = "reduce_only"
    FLATTEN = "flatten"


class StopScope(StrEnum):
    GLOBAL = "global"
    EXCHANGE = "exchange"
    SYMBOL = "symbol"
    STRATEGY = "strategy"
    USER = "user"


@attrs.frozen
class Stop:
    """An emergency act in force: a row read before every send (RSK-21); `target` None only for scope global."""

    scope: StopScope
    target: str | None
    level: StopLevel
    reason: str
    actor: str
    since: datetime
