"""A webhook body becomes an alert or a named refusal (SIG-11 to SIG-16)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.venues import Symbol
from cbc_domain.signals.body import read_body, readable_body, take_secret
from cbc_domain.signals.inference import inferred_side
from cbc_domain.signals.kinds import Meaning, meaning_of
from cbc_domain.signals.model import Advised, ParsedAlert, Scope, SignalKind
from cbc_domain.signals.values import (
    ADVISED,
    TAKE_PROFITS,
    advised_of,
    indicators_of,
    instant_of,
    is_blank,
    price_of,
    symbol_of,
)

__all__ = ["parse_alert", "read_body", "readable_body", "render", "take_secret"]

PRICES: Final = ("close", "price", "entry_price")
NEVER_USED: Final = ("quantity", "position_size", *ADVISED, "account", "balance", "equity")
"""Fields that look as if they set a size, a protection or an account, and do not; those ADVISED for the trusted (SIG-15)."""

INFERRED: Final = "signal: inferred from indicators"

_NO_VALUE: Final = ": no readable value"


def parse_alert(body: Mapping[str, object], *, trusted: bool = False, infer: bool = False) -> ParsedAlert:
    """Understand a body without its secret; whatever is not understood and has no effect is left out (SIG-11, SIG-15).

    `trusted` reads what its strategy advises; `infer` finds the kind of a body without one in its indicators (SIG-14).
    Raises Invalid with a `signal_` or `symbol_` code of section 37. A close is refused only for what it would act on:
    an unreadable time refuses an open and leaves a warning on a close (SIG-22).
    """
    layers = _layers(body)
    fields = {name: value for layer in layers for name, value in layer.items()}
    indicators = indicators_of(fields)
    meaning, inferred = _meaning(layers, fields, indicators if infer else {})
    price, no_price = _price(fields)
    time, timestamp, no_time = _times(fields, meaning.kind)
    advised, no_advice = advised_of(fields) if trusted else (Advised(), [])
    unreadable = (*no_price, *no_time, *(name for name, value in indicators.items() if value is None), *no_advice)
    return ParsedAlert(
        kind=meaning.kind,
        side=meaning.side,
        scope=meaning.scope,
        canonical=meaning.canonical,
        symbol=_symbol(layers, meaning.scope),
        price=price,
        time=time,
        timestamp=timestamp,
        indicators=indicators,
        warnings=(*inferred, *(name + _NO_VALUE for name in unreadable)),
        ignored=tuple(name for name in NEVER_USED if name in fields and not (trusted and name in ADVISED)),
        advised=advised,
    )


def render(alert: ParsedAlert) -> dict[str, object]:
    """Write the body, as text values and null, that parses to this very alert, trusted and inferred as it was."""
    unreadable = dict.fromkeys(warning.removesuffix(_NO_VALUE) for warning in alert.warnings if warning != INFERRED)
    body: dict[str, object] = {**unreadable, **dict.fromkeys(alert.ignored), **_advice(alert.advised, unreadable)}
    if INFERRED not in alert.warnings:
        body["signal"] = alert.canonical
    if alert.symbol is not None:
        body["ticker"] = alert.symbol
    if alert.price is not None:
        body[next(name for name in PRICES if name not in unreadable)] = f"{alert.price:f}"
    for name, moment in (("time", alert.time), ("timestamp", alert.timestamp)):
        if moment is not None:
            body[name] = moment.isoformat()
    for name, value in alert.indicators.items():
        body[name] = f"{value:f}" if isinstance(value, Decimal) else value
    return body


def _advice(advised: Advised, unreadable: Mapping[str, object]) -> dict[str, object]:
    takes = zip((name for name in TAKE_PROFITS if name not in unreadable), advised.take_profits, strict=False)
    found: dict[str, object] = {name: f"{price:f}" for name, price in takes}
    if advised.leverage is not None:
        found["leverage"] = str(advised.leverage)
    if advised.stop_loss is not None:
        found["stop_loss"] = f"{advised.stop_loss:f}"
    if advised.expires_at is not None:
        found["expires_at"] = advised.expires_at.isoformat()
    return found


def _layers(body: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    inner = body.get("signal")
    if not isinstance(inner, Mapping):
        return (body,)
    if isinstance(inner.get("signal"), Mapping):
        raise Invalid("signal_malformed", "expected at most one object under signal, was an object in an object")
    return ({name: value for name, value in body.items() if name != "signal"}, inner)


def _meaning(
    layers: tuple[Mapping[str, object], ...], fields: Mapping[str, object], indicators: Mapping[str, Decimal | bool | None]
) -> tuple[Meaning, tuple[str, ...]]:
    text = fields["signal"] if isinstance(fields.get("signal"), str) else fields.get("action")
    # Only where there is no text at all: an unknown one is never a permission (SIG-10).
    side = None if isinstance(text, str) and text.strip() else inferred_side(indicators)
    meaning, inferred = meaning_of(text if side is None else side), () if side is None else (INFERRED,)
    for action in _texts(layers, "action"):
        if not _agrees(meaning, action):
            found = f"{meaning.canonical!r} and {action[:40]!r}"
            raise Invalid("signal_conflict", f"expected signal and action to agree, was {found}")
    return meaning, inferred


def _agrees(meaning: Meaning, action: str) -> bool:
    try:
        other = meaning_of(action)
    except Invalid:
        return False
    sides_agree = other.side is meaning.side
    return sides_agree and other.kind.opens == meaning.kind.opens and other.kind.closes == meaning.kind.closes


def _symbol(layers: tuple[Mapping[str, object], ...], scope: Scope) -> Symbol | None:
    if scope is Scope.STRATEGY:
        return None
    symbols = {symbol_of(text) for text in _texts(layers, "ticker", "symbol")}
    if not symbols:
        raise Invalid("symbol_missing", "expected a ticker or a symbol")
    if len(symbols) > 1:
        raise Invalid("signal_conflict", f"expected one symbol, was {' and '.join(sorted(symbols))}")
    return symbols.pop()


def _texts(layers: tuple[Mapping[str, object], ...], *names: str) -> list[str]:
    values = [layer.get(name) for layer in layers for name in names]
    return [value for value in values if isinstance(value, str) and value.strip()]


def _price(fields: Mapping[str, object]) -> tuple[Decimal | None, list[str]]:
    blank = [name for name in PRICES if name in fields and is_blank(fields[name])]
    named = [name for name in PRICES if name in fields and name not in blank]
    return (price_of(named[0], fields[named[0]]) if named else None), blank


def _times(fields: Mapping[str, object], kind: SignalKind) -> tuple[datetime | None, datetime | None, list[str]]:
    moments = {name: instant_of(fields[name]) for name in ("time", "timestamp") if name in fields}
    time, timestamp = moments.get("time"), moments.get("timestamp")
    unreadable = [name for name, moment in moments.items() if moment is None]
    garbled = [name for name in unreadable if not is_blank(fields[name])]
    # An open whose age cannot be told must not pass for a fresh one (GEN-14).
    if kind.opens and time is None and garbled:
        raise Invalid("signal_malformed", f"expected {garbled[0]} as RFC 3339 or YYYY-MM-DD hh:mm:ss")
    return time, timestamp, unreadable
