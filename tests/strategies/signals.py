"""Alerts as strategies, careless templates and attackers may send them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from cbc_domain.kernel.ids import SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.signals.kinds import CLOSE_WORDS, EXACT_TEXTS, NEGATION_WORDS, WHOLE_STRATEGY_WORDS
from cbc_domain.signals.model import ParsedAlert, Scope, Signal, SignalKind, Strategy, TimeMeaning
from cbc_domain.signals.parse import NEVER_USED, PRICES
from cbc_domain.signals.values import FLAGS, NUMBERS

RECEIVED: Final = datetime(2026, 3, 2, 15, 0, 2, tzinfo=UTC)
STRATEGY: Final = StrategyId(UUID(int=7))


def strategy_of(bar_length: timedelta = timedelta(minutes=30), meaning: TimeMeaning = TimeMeaning.BAR_CLOSE) -> Strategy:
    return Strategy(STRATEGY, "CBC 30m", "cbc-30m", bar_length, meaning)


def side_of(kind: SignalKind) -> Side | None:
    return next((side for side in Side if side in kind), None)


def alert_of(
    kind: SignalKind = SignalKind.OPEN_LONG_STRONG,
    time: datetime | None = None,
    timestamp: datetime | None = None,
    symbol: str | None = "SOLUSDT",
) -> ParsedAlert:
    """An alert of this kind; scope strategy when it names no symbol."""
    scope = Scope.SYMBOL if symbol is not None else Scope.STRATEGY
    named = Symbol(symbol) if symbol is not None else None
    return ParsedAlert(kind, side_of(kind), scope, "TEST", named, None, time, timestamp, {})


def signal_of(
    kind: SignalKind = SignalKind.OPEN_LONG_STRONG,
    fired_at: datetime = RECEIVED,
    indicators: Mapping[str, Decimal | bool | None] | None = None,
) -> Signal:
    return Signal(
        id=SignalId(UUID(int=8)),
        strategy=STRATEGY,
        kind=kind,
        side=side_of(kind),
        scope=Scope.SYMBOL,
        symbol=Symbol("SOLUSDT"),
        price=None,
        fired_at=fired_at,
        received_at=RECEIVED,
        dedupe_key="test",
        indicators=indicators or {},
        warnings=(),
        raw="{}",
    )


def body_of(content: object) -> bytes:
    """The bytes of a body as a sender writes it: an object as JSON, a text as it is."""
    return content.encode() if isinstance(content, str) else json.dumps(content, default=str).encode()


opens = st.sampled_from([kind for kind in SignalKind if kind.opens])
closes = st.sampled_from([kind for kind in SignalKind if kind.closes])
kinds = st.sampled_from(SignalKind)
instants = st.datetimes(timezones=st.just(UTC))
near_instants = st.timedeltas(timedelta(days=-2), timedelta(days=2)).map(lambda apart: RECEIVED + apart)
time_meanings = st.sampled_from(TimeMeaning)
bar_lengths = st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(minutes=30), timedelta(days=1)])
strategies = st.builds(strategy_of, bar_lengths, time_meanings)

_words = st.sampled_from(
    sorted({word for text in EXACT_TEXTS for word in text.split()} | CLOSE_WORDS | NEGATION_WORDS | WHOLE_STRATEGY_WORDS)
)
_gaps = st.sampled_from([" ", "_", "-", "  ", "\t", ": ", " 🟢 "])
signal_texts = (
    st.sampled_from(sorted(EXACT_TEXTS)) | st.lists(_words, min_size=1, max_size=5).map(" ".join) | st.text(max_size=80)
)


@st.composite
def dressed(draw: st.DrawFn, text: str) -> str:
    """The same text as a careless person writes it: other case, other gaps, accents."""
    words = [draw(st.sampled_from([word, word.lower(), word.title()])) for word in text.split()]
    gap = draw(_gaps)
    return draw(st.sampled_from(["", " ", "¡"])) + gap.join(words).replace("A", "Ã").replace("e", "é")


tickers = st.sampled_from(
    ["SOLUSDT", "solusdt.p", "BINANCE:SOLUSDT.P", "SOL/USDT", "SOL-USDT-PERP", "BTCUSDT", "SOLUSD", "", "1000PEPEUSDT"]
)
numeric_texts = st.decimals(-1000, 1000, places=3).map(str) | st.sampled_from(
    [
        "NaN",
        "na",
        "n/a",
        "",
        "-Infinity",
        "2,9",
        "1e5",
        "1e999",
        "0",
        "-0",
        "1_000",
        "0x10",
        " 7.5 ",
        "\N{ARABIC-INDIC DIGIT THREE}",
        "1" * 70,
    ]
)
times = st.sampled_from(
    [
        "2026-03-02 14:30:00",
        "2026-03-02T14:30:00Z",
        "2026-03-02T16:30:00.123456789+02:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
        "2026-02-30T00:00:00Z",
        "NaN",
        "yesterday",
        "",
    ]
) | instants.map(lambda moment: moment.isoformat())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | numeric_texts | signal_texts | tickers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)

_fields: Mapping[str, st.SearchStrategy[object]] = {
    "signal": signal_texts,
    "action": signal_texts,
    "ticker": tickers,
    "symbol": tickers,
    "time": times,
    "timestamp": times,
    **dict.fromkeys((*PRICES, *NUMBERS), numeric_texts),
    **dict.fromkeys(FLAGS, st.sampled_from(["0", "1", "true", True, "2", None])),
    **dict.fromkeys(NEVER_USED, numeric_texts),
}
_likely = st.fixed_dictionaries(
    {"signal": signal_texts, "ticker": st.just("SOLUSDT.P")},
    optional={name: values for name, values in _fields.items() if name not in ("signal", "ticker", "symbol", "action")},
)
_careless = st.fixed_dictionaries({}, optional={name: values | json_values for name, values in _fields.items()})
_nested = st.builds(lambda outer, inner: {**outer, "signal": inner}, _careless, _likely | _careless)
alert_bodies: st.SearchStrategy[dict[str, object]] = _likely | _careless | _nested

_LARGEST: Final = 65_536
HOSTILE_BODIES: Final = (
    b"[" * _LARGEST,
    b'{"a":' * (_LARGEST // 5),
    b'{"signal":' * 6_000 + b'"BUY"' + b"}" * 4_000,
    b'{"close":' + b"9" * 65_000 + b"}",
    b'{"close":1e' + b"9" * 65_000 + b"}",
    b'{"close":0.' + b"0" * 65_000 + b"1}",
    b'{"signal":"' + b"A " * 32_000 + b'"}',
    b'{"signal":"BUY","ticker":"' + b"/-_" * 21_000 + b'USDT"}',
    b'{"signal":"BUY","ticker":"SOLUSDT","time":"' + b"2026-" * 13_000 + b'"}',
    b"{" + b'"a":1,' * 10_000 + b'"a":2}',
    b'{"signal":"' + "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}".encode() * 20_000 + b'"}',
    b'{"signal":"' + b"\\ud800" * 10_000 + b'"}',
    b"secret=" * 9_000,
    b'"secret"' + b" " * 65_000,
    b'{"secret":"' + b"\\" * 65_000,
    b"\x00" * _LARGEST,
    b"\xff\xfe" * (_LARGEST // 2),
    b" " * (_LARGEST - 2) + b"{}",
    b"{}" + b" " * _LARGEST,
)
