"""What happens in a seed and when: alerts, prices, readings, traps, a database that is killed. The same for the same seed."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Symbol
from tests.chaos.points import POINTS

TRADED: Final = tuple(instrument.symbol for instrument in DEMONSTRATION)
TICKS: Final = {instrument.symbol: instrument.tick for instrument in DEMONSTRATION}
OPENINGS: Final = {symbol: Decimal(60_000) if symbol == "BTCUSDT" else Decimal(100) for symbol in TRADED}
"""The prices that the members know when they join."""

RESTARTS_ONE_IN: Final = 8
"""The database is killed and started again in every so-manyth seed."""

KILLS: Final = 6
PRICES_EVERY: Final = timedelta(seconds=4)
LATEST: Final = timedelta(minutes=31)
"""Longer than the strategy's window: an alert that is that old is expired when it comes."""

ACTS: Final = 3
BETWEEN_ACTS: Final = timedelta(minutes=31)
"""Longer than a coin stays blocked after a trade, so that the same members trade the same coins again."""


@attrs.frozen
class Post:
    """Somebody sends an alert."""

    body: bytes


@attrs.frozen
class Price:
    symbol: Symbol
    price: Decimal


@attrs.frozen
class Reading:
    """The market sources speak; both directions are allowed when `rising` is None."""

    rising: bool | None


@attrs.frozen
class Trap:
    point: str
    passes: int


@attrs.frozen
class KillDatabase:
    """The server dies like its machine, and is started again."""


Event = Post | Price | Reading | Trap | KillDatabase
Moment = tuple[datetime, Event]


def restarts(seed: int) -> bool:
    return seed % RESTARTS_ONE_IN == 0


def script(seed: int, start: datetime, signals: int) -> list[Moment]:
    """Everything in the order of time, in a few acts; the last alert closes whatever is open."""
    chance = Random(f"script {seed}")
    prices, moments, posts = dict(OPENINGS), list[Moment](), list[Moment]()
    for act in range(ACTS):
        alerts = list(_alerts(chance, start + timedelta(seconds=5), (signals + act) // ACTS))
        end = max((at for at, _ in alerts), default=start) + timedelta(seconds=12)
        moments += [(start, Reading(chance.choice((None, None, True, False)))), *alerts, *_prices(chance, prices, start, end)]
        posts += alerts
        start = end + BETWEEN_ACTS
    moments += [*_traps(chance, seed, posts), (end, Post(_body(chance, "FECHE TODAS AS POSICOES", None, end)))]
    if restarts(seed):
        moments.append((chance.choice(posts)[0] + timedelta(milliseconds=300), KillDatabase()))
    return sorted(moments, key=lambda moment: moment[0])


def _alerts(chance: Random, at: datetime, signals: int) -> Iterator[Moment]:
    """Opens and closes, one in three with something wrong about it: sent twice, late, contradicted at once."""
    sent = 0
    while sent < signals:
        symbol, side = chance.choice(TRADED), chance.choice(("LONG", "SHORT"))
        opens = sent < 2 or chance.random() < 0.6
        body = _body(chance, f"SINAL {side} FORTE" if opens else f"FECHE {side}", symbol, at)
        yield at, Post(body)
        sent += 1
        match chance.randrange(9):
            case 0 if sent < signals:
                yield at + timedelta(seconds=chance.choice((0, 1, 3))), Post(body)
                sent += 1
            case 1 if sent < signals:
                other = "SHORT" if side == "LONG" else "LONG"
                yield at, Post(_body(chance, f"SINAL {other} FORTE", symbol, at))
                sent += 1
            case 2 if sent < signals and opens:
                yield at + timedelta(milliseconds=chance.choice((0, 500))), Post(_body(chance, f"FECHE {side}", symbol, at))
                sent += 1
            case 3 if sent < signals:
                yield at, Post(_body(chance, f"SINAL {side} FORTE", symbol, at - LATEST))
                sent += 1
        at += timedelta(milliseconds=chance.choice((0, 500, 3000, 6000, 9000, 14000)))


def _body(chance: Random, text: str, symbol: Symbol | None, at: datetime) -> bytes:
    fired = f"{at:%Y-%m-%d %H:%M:%S}"
    named = {"ticker": symbol} if symbol else {}
    return json.dumps({**named, "signal": text, "time": fired, "rsi_15": "50", "note": chance.randrange(10**6)}).encode()


def _prices(chance: Random, prices: dict[Symbol, Decimal], start: datetime, end: datetime) -> Iterator[Moment]:
    """A walk of a few tenths of a percent, and now and then a leap that reaches stops or targets."""
    at = start
    while at < end:
        for symbol in TRADED:
            leap = chance.choice((-0.06, 0.05, 0.11)) if chance.random() < 0.06 else chance.gauss(0, 0.0015)
            moved = EXACT.multiply(prices[symbol], Decimal(f"{1 + leap:.6f}"))
            prices[symbol] = max(moved.quantize(TICKS[symbol]), TICKS[symbol])
            yield at, Price(symbol, prices[symbol])
        at += PRICES_EVERY


def _traps(chance: Random, seed: int, alerts: list[Moment]) -> Iterator[Moment]:
    """Each seed takes the next points of the list, so that some seeds in a row take them all."""
    for number in range(KILLS):
        point = POINTS[(seed * KILLS + number) % len(POINTS)]
        at, _ = alerts[chance.randrange(max(1, len(alerts) * 2 // 3))]
        yield at - timedelta(milliseconds=chance.choice((0, 10))), Trap(point, chance.choice((1, 1, 2, 5)))
