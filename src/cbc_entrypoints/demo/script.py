"""The generated day: when which alert fires, and what the made-up market sources say meanwhile."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.venues import Symbol
from cbc_domain.market.model import FearGreed, Observation, Pulse

ALERT_EVERY: Final = 18
"""Minutes between alerts of the generated day."""
FIRST_ALERT: Final = 10
LAST_ALERT: Final = 375
CLOSE_AFTER: Final = 7
CLOSE_EVERYTHING_AT: Final = 390
READING_EVERY: Final = 5

_OPENS: Final = ("SINAL LONG FORTE", "SINAL SHORT FORTE", "STRONG_BUY", "SINAL LONG", "STRONG_SELL")
_CLOSES: Final = {
    "SINAL LONG FORTE": "FECHE LONG",
    "STRONG_BUY": "CLOSE LONG",
    "SINAL LONG": "FECHE LONG",
    "SINAL SHORT FORTE": "FECHE SHORT",
    "STRONG_SELL": "CLOSE SHORT",
}


@attrs.frozen
class ScriptedAlert:
    """One alert to be; `late` is how old its time already is when it fires, `copies` how often it is sent."""

    symbol: Symbol
    text: str
    rsi: str = "55"
    late: timedelta = timedelta(0)
    copies: int = 1

    def body(self, at: datetime, price: Decimal) -> bytes:
        """The alert as TradingView would post it: every value text, UTC without a zone, `.P` behind the ticker."""
        return json.dumps(
            {
                "ticker": f"{self.symbol}.P",
                "time": f"{at - self.late:%Y-%m-%d %H:%M:%S}",
                "close": f"{price:f}",
                "rsi_15": self.rsi,
                "momentum_15": "NaN",
                "signal": self.text,
            }
        ).encode()


@attrs.frozen
class _Phase:
    """The market from a minute on; None is a source without an answer."""

    since: int
    index: int | None
    pm_plus: str | None
    vwdelta: str | None


_PHASES: Final = (
    _Phase(0, 55, "68", "1.4"),
    _Phase(85, 52, "51", "0.1"),
    _Phase(175, 24, "38", "-1.1"),
    _Phase(250, None, "47", "-0.2"),
    _Phase(280, 48, "33", "-1.6"),
    _Phase(345, 84, "55", "0.4"),
)


def scripted_alerts(seed: int, symbols: Sequence[Symbol]) -> Mapping[int, Sequence[ScriptedAlert]]:
    """Alerts by minute: opens and closes in turn over all symbols, with a repeat, a late one and an unreadable one."""
    script: dict[int, list[ScriptedAlert]] = {}
    for number, minute in enumerate(range(FIRST_ALERT, LAST_ALERT, ALERT_EVERY)):
        symbol = symbols[number % len(symbols)]
        text = _OPENS[_drawn(seed, number) % len(_OPENS)]
        script[minute] = [ScriptedAlert(symbol, text, copies=2 if number % 7 == 3 else 1)]
        if number % 3 == 1:
            script[minute + CLOSE_AFTER] = [ScriptedAlert(symbol, _CLOSES[text])]
    script[FIRST_ALERT + 3] = [ScriptedAlert(symbols[0], "SINAL SHORT FORTE", late=timedelta(minutes=45))]
    script[FIRST_ALERT + 4] = [ScriptedAlert(symbols[1], "NÃO FECHE LONG")]
    script[CLOSE_EVERYTHING_AT] = [ScriptedAlert(symbols[0], "FECHE TODAS AS POSIÇÕES")]
    return script


def _drawn(seed: int, number: int) -> int:
    return hashlib.sha256(f"{seed}|{number}".encode()).digest()[0]


def observations(minute: int, at: datetime) -> Sequence[Observation]:
    """What the sources say at a minute of the generated day, every five minutes; marked as simulated."""
    if minute % READING_EVERY:
        return ()
    phase = next(one for one in reversed(_PHASES) if one.since <= minute)
    index = FearGreed(phase.index, fetched_at=at, published_at=at) if phase.index is not None else None
    pulse = None
    if phase.pm_plus is not None and phase.vwdelta is not None:
        pulse = Pulse(Decimal(phase.pm_plus), Decimal(phase.vwdelta), valid_rows=100, taken_at=at)
    share = Decimal("46.5") + Decimal(minute) / 1000
    return (Observation(at, index, pulse, share, sources=("simulated",), simulated=True),)
