"""Every setting key: how its wire value is read, its range and its default (CFG-05, CFG-10 to CFG-13)."""

import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.venues import SYMBOL, Environment, Symbol, Venue
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import RiskLevel, TradingWindow

INVALID: Final = "setting_invalid"
OUT_OF_RANGE: Final = "setting_out_of_range"

_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_WORD: Final = re.compile(r"[a-z0-9_]{1,20}", re.ASCII)
_LONGEST_LIST: Final = 500

Read = Callable[[object], object]
"""Turns a wire value into what it means. Raises Invalid with a field code."""


@attrs.frozen
class Bounds:
    """The lowest and highest permitted value, either may be open, and the step between values."""

    low: Decimal | None = None
    high: Decimal | None = None
    step: Decimal | None = None

    def check(self, value: Decimal) -> None:
        """Raises Invalid `setting_out_of_range`; the bounds themselves are permitted (GEN-08)."""
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        if below or above or (self.step is not None and value % self.step != 0):
            raise Invalid(OUT_OF_RANGE, f"expected {self}, was {value}")

    def __str__(self) -> str:
        step = f" in steps of {self.step}" if self.step is not None else ""
        return f"{'-' if self.low is None else self.low}..{'-' if self.high is None else self.high}{step}"


@attrs.frozen
class Spec:
    """One setting: its default on the wire, how to read it, its bounds under the limits; read-only ones refuse changes."""

    default: object
    read: Read
    bounds: Callable[[SystemLimits], Bounds] | None = None
    read_only: bool = False


def read_decimal(value: object) -> Decimal:
    """Read decimal text or a JSON integer; never a float. Raises Invalid `setting_invalid`."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise _unreadable("decimal text", value)


def read_int(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _unreadable("a whole number", value)


def read_bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _unreadable("true or false", value)


def read_symbols(value: object) -> frozenset[Symbol]:
    return frozenset(Symbol(item) for item in _texts(value, SYMBOL, "a list of symbols such as BTCUSDT"))


def read_window(value: object) -> TradingWindow:
    """Read `{"start": "09:00", "end": "17:30"}` in the member's zone; an end before the start is on the next day."""
    if isinstance(value, Mapping) and set(value) == {"start", "end"}:
        start, end = value["start"], value["end"]
        readable = isinstance(start, str) and isinstance(end, str) and _CLOCK.fullmatch(start) and _CLOCK.fullmatch(end)
        if readable and start != end:
            return TradingWindow(time.fromisoformat(start), time.fromisoformat(end))
    raise _unreadable('a window such as {"start": "09:00", "end": "17:30"}', value)


def read_windows(value: object) -> tuple[TradingWindow, ...]:
    if isinstance(value, list | tuple) and len(value) <= _LONGEST_LIST:
        return tuple(read_window(item) for item in value)
    raise _unreadable("a list of windows", value)


def _read_words(value: object) -> tuple[str, ...]:
    return tuple(_texts(value, _WORD, "a list of words"))


def _read_zone(value: object) -> str:
    if isinstance(value, str):
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise _unreadable("an IANA time zone", value)


def _read_money(value: object) -> Decimal:
    if isinstance(value, str):
        try:
            return Money.parse(value, BRL).amount
        except Invalid:
            pass
    raise _unreadable("an amount with 2 places", value)


def _texts(value: object, pattern: re.Pattern[str], expected: str) -> list[str]:
    if isinstance(value, list | tuple | frozenset) and len(value) <= _LONGEST_LIST:
        texts = [item for item in value if isinstance(item, str) and pattern.fullmatch(item)]
        if len(texts) == len(value):
            return texts
    raise _unreadable(expected, value)


def _one_of(*allowed: str) -> Read:
    def read(value: object) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        raise _unreadable(f"one of {', '.join(allowed)}", value)

    return read


def _or_none(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _unreadable(expected: str, value: object) -> Invalid:
    return Invalid(INVALID, f"expected {expected}, was {str(value)[:40]!r}")


def _fixed(low: str, high: str, step: str | None = None) -> Callable[[SystemLimits], Bounds]:
    bounds = Bounds(Decimal(low), Decimal(high), None if step is None else Decimal(step))
    return lambda _limits: bounds


def _flag(default: bool) -> Spec:
    return Spec(default, read_bool)


_TENTH: Final = Decimal("0.1")
_ONE: Final = Decimal(1)

SPECS: Final[Mapping[str, Spec]] = MappingProxyType(
    {
        "default_leverage": Spec(5, read_int, lambda limits: Bounds(_ONE, Decimal(limits.max_leverage))),
        "max_leverage": Spec(5, read_int, lambda limits: Bounds(_ONE, Decimal(limits.max_leverage))),
        "stop_loss_multiplier": Spec(
            "2.0", read_decimal, lambda limits: Bounds(limits.stop_multiplier_from, limits.stop_multiplier_to, _TENTH)
        ),
        "take_profit_multiplier": Spec("3.0", read_decimal, lambda limits: Bounds(None, limits.take_multiplier_to, _TENTH)),
        "position_size_percentage": Spec(
            "30", read_decimal, lambda limits: Bounds(limits.size_percentage_from, limits.size_percentage_to, _ONE)
        ),
        "max_open_positions": Spec(2, read_int, lambda limits: Bounds(_ONE, Decimal(limits.max_positions))),
        "max_position_usd": Spec(None, _or_none(read_decimal), lambda limits: Bounds(Decimal(10), limits.max_position_usd)),
        "daily_loss_limit_percentage": Spec("10", read_decimal, lambda limits: Bounds(_ONE, limits.daily_loss_percentage)),
        "risk_level": Spec("medium", _one_of(*RiskLevel)),
        "auto_trade_enabled": _flag(False),
        "trading_mode": Spec("testnet", _one_of(*Environment)),
        "preferred_exchange": Spec("bybit", _one_of(*(venue for venue in Venue if venue is not Venue.PAPER))),
        "allowed_symbols": Spec((), read_symbols),
        "blocked_symbols": Spec((), read_symbols),
        "trading_hours": Spec((), read_windows),
        "trade_weekends": _flag(True),
        "trailing_stop_enabled": _flag(False),
        "trailing_stop_percentage": Spec("1.5", read_decimal, _fixed("0.2", "5", "0.1")),
        "max_duration_minutes": Spec(None, _or_none(read_int), _fixed("30", "10080")),
        "loss_streak_pause_enabled": _flag(True),
        "auto_close_on_direction_change": _flag(False),
        "notify_email": _flag(True),
        "notify_sms": _flag(False),
        "notify_push": _flag(True),
        "trade_alerts": _flag(True),
        "report_frequency": Spec("daily", _one_of("daily", "weekly", "monthly", "off")),
        "profit_threshold": Spec("5", read_decimal, _fixed("0", "100")),
        "loss_threshold": Spec("10", read_decimal, _fixed("0", "100")),
        "quiet_hours": Spec(None, _or_none(read_window)),
        "two_factor": Spec(False, read_bool, read_only=True),
        "login_notifications": _flag(True),
        "device_management": _flag(True),
        "session_timeout_minutes": Spec(60, read_int, _fixed("5", "1440")),
        "language": Spec("pt-BR", _one_of("pt-BR", "en")),
        "timezone": Spec("America/Sao_Paulo", _read_zone),
        "display_currency": Spec("BRL", _one_of("BRL", "USD")),
        "theme": Spec("dark", _one_of("dark", "light", "system")),
        "date_format": Spec("DD/MM/YYYY", _one_of("DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD")),
        "alert_sounds": _flag(True),
        "auto_refresh": _flag(True),
        "refresh_seconds": Spec(30, read_int, _fixed("10", "300")),
        "chart_interval": Spec("1h", _one_of("1m", "5m", "15m", "1h", "4h", "1d")),
        "chart_indicators": Spec(("sma", "ema"), _read_words),
        "auto_convert_commissions": _flag(False),
        "conversion_threshold": Spec("100.00", _read_money, _fixed("1.00", "100000.00")),
        "preferred_currency": Spec("BRL", _one_of("BRL", "USD")),
        "affiliate_notify_email": _flag(True),
        "affiliate_notify_whatsapp": _flag(False),
        "marketing_consent": _flag(False),
        "account_type": Spec("corrente", _one_of("corrente", "poupanca")),
        "pix_key_type": Spec("email", _one_of("email", "cpf", "cnpj", "phone", "random")),
    }
)
