"""The values of an alert, each read strictly or not at all (SIG-12, SIG-13)."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.time import parse_instant
from cbc_domain.kernel.venues import SYMBOL, Symbol
from cbc_domain.signals.model import Advised

NUMBERS: Final = (
    "ema9_30",
    "rsi_4h",
    "rsi_15",
    "rsi",
    "momentum_15",
    "macd",
    "atr_30",
    "atr_pct_30",
    "vol_30",
    "vol_ma_30",
    "volume",
    "diff_btc_ema7",
)
FLAGS: Final = ("cruzou_acima_ema9", "cruzou_abaixo_ema9", "golden_cross_30", "death_cross_30")
"""The indicators of payloads (a) and (b); every other field of a body is kept raw only."""

TAKE_PROFITS: Final = ("take_profit", "take_profit_1", "take_profit_2", "take_profit_3")
ADVISED: Final = ("leverage", "stop_loss", *TAKE_PROFITS, "expires_at")
"""Fields that mean something in an alert of a trusted strategy only (SIG-15)."""

PERCENTS: Final = frozenset({"rsi_4h", "rsi_15", "rsi"})
"""Indicators that mean nothing outside 0..100."""

_BLANK: Final = re.compile(r"|na|n/a|[+-]?(?:nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_VENUE: Final = re.compile(r"[A-Z]+:", re.ASCII)
_LONGEST_TEXT: Final = 64
_MOST_DIGITS_BEFORE: Final = 20
_MOST_PLACES: Final = 40


def is_blank(value: object) -> bool:
    """Say whether a value stands for "no value": null, empty text, NaN, na, n/a or an infinity (SIG-13)."""
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
        return _BLANK.fullmatch(value.strip()) is not None
    return value is None


def number(value: object) -> Decimal | None:
    """Read a number or numeric text with a decimal point; None for anything else and for absurd sizes."""
    if isinstance(value, str):
        text = value.strip() if len(value) <= _LONGEST_TEXT else ""
        value = Decimal(text) if _NUMBER.fullmatch(text) else None
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    places = value.as_tuple().exponent
    sane = isinstance(places, int) and places >= -_MOST_PLACES and value.adjusted() < _MOST_DIGITS_BEFORE
    return value if sane else None


def flag(value: object) -> bool | None:
    """Read true/false, 0/1 or their text; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    match number(value):
        case Decimal() as known if known in (0, 1):
            return known == 1
        case _:
            return None


def symbol_of(value: object) -> Symbol:
    """Normalise a ticker (SIG-12). Raises Invalid `symbol_missing`, `symbol_invalid`."""
    if not isinstance(value, str) or not value.strip():
        raise Invalid("symbol_missing", "expected the ticker of a USDT perpetual")
    text = value.strip().upper() if value.isascii() and len(value) <= _LONGEST_TEXT else ""
    text = _VENUE.sub("", text, count=1) if _VENUE.match(text) else text
    text = re.sub(r"[/_-]", "", text.removesuffix(".P")).removesuffix("PERP")
    if not SYMBOL.fullmatch(text):
        raise Invalid("symbol_invalid", f"expected a USDT perpetual such as BTCUSDT, was {value[:40]!r}")
    return Symbol(text)


def price_of(name: str, value: object) -> Decimal:
    """Read a price that is there (SIG-13). Raises Invalid `signal_bad_price` for zero, negative or unreadable."""
    price = number(value)
    if price is None or price <= 0:
        shown = repr(str(value)[:40]) if isinstance(value, str | Decimal) else type(value).__name__
        raise Invalid("signal_bad_price", f"expected {name} above zero with a decimal point, was {shown}")
    return price


def advised_of(fields: Mapping[str, object]) -> tuple[Advised, list[str]]:
    """What a trusted strategy asks for, and the fields of it that have no readable value (SIG-15)."""
    stop, leverage = _above_zero(fields.get("stop_loss")), _whole(fields.get("leverage"))
    takes = {name: _above_zero(fields[name]) for name in TAKE_PROFITS if name in fields}
    expires_at = instant_of(fields.get("expires_at"))
    found = {"leverage": leverage, "stop_loss": stop, **takes, "expires_at": expires_at}
    advised = Advised(leverage, stop, tuple(take for take in takes.values() if take is not None), expires_at)
    return advised, [name for name, value in found.items() if name in fields and value is None]


def instant_of(value: object) -> datetime | None:
    """Read a time as SIG-20 has it; None for anything unreadable."""
    if not isinstance(value, str):
        return None
    try:
        return parse_instant(value.strip())
    except Invalid:
        return None


def indicators_of(fields: Mapping[str, object]) -> dict[str, Decimal | bool | None]:
    """The known indicators that are there, in the order of NUMBERS and FLAGS; None for an unreadable one (SIG-13)."""
    numbers = {name: _indicator(name, fields[name]) for name in NUMBERS if name in fields}
    flags = {name: flag(fields[name]) for name in FLAGS if name in fields}
    return {**numbers, **flags}


def _above_zero(value: object) -> Decimal | None:
    known = number(value)
    return known if known is not None and known > 0 else None


def _whole(value: object) -> int | None:
    known = _above_zero(value)
    return int(known) if known is not None and known == known.to_integral_value() else None


def _indicator(name: str, value: object) -> Decimal | None:
    known = number(value)
    return None if known is not None and name in PERCENTS and not 0 <= known <= 100 else known
