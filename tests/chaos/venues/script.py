"""What is posted and when in a seed, and how prices move meanwhile; the same for the same seed, in real seconds."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Symbol

TICKS: Final = {instrument.symbol: instrument.tick for instrument in DEMONSTRATION}
PRICES_EVERY_S: Final = 0.5

LONG_WAIT_S: Final = 3.0
"""After what is said first and last, so that it meets the weather too."""


@attrs.frozen
class Wait:
    """So long, and with patience until what was posted is planned, too."""

    seconds: float
    patient: bool


@attrs.frozen
class Post:
    """An alert, `times` times in the same words; one without a price is compared with that of 5 s earlier (ORD-06)."""

    text: str
    symbol: Symbol
    times: int = 1
    priced: bool = False


def script(seed: int, signals: int) -> Iterator[Wait | Post]:
    """Open and close in turns: a coin is opened once, because it is blocked for half an hour afterwards (POS-20)."""
    chance = Random(f"script {seed}")
    coins, opened = list(START_PRICES), list[tuple[Symbol, str]]()
    chance.shuffle(coins)
    for number in range(signals):
        closes = opened and (number == signals - 1 or not coins or chance.random() < 0.4)
        if closes:
            symbol, side = opened.pop(chance.randrange(len(opened)))
            yield Post(f"FECHE {side}", symbol)
        elif coins:
            symbol, side = coins.pop(), chance.choice(("LONG", "SHORT"))
            opened.append((symbol, side))
            priced = number == 0 or chance.random() < 0.7
            yield Post(f"SINAL {side} FORTE", symbol, times=chance.choice((1, 1, 1, 2)), priced=priced)
        else:
            symbol, side = chance.choice(list(START_PRICES)), chance.choice(("LONG", "SHORT"))
            yield Post(f"SINAL {side} FORTE", symbol)
        first, last = number == 0, number == signals - 1
        # What was not planned and bought before its close came opens nothing: at least the first is given the time for it.
        patient = first or last or chance.random() < 0.6
        yield Wait(LONG_WAIT_S if first or last else chance.choice((0.3, 1.0, 2.5, 4.0)), patient)


def prices(seed: int) -> Iterator[tuple[Symbol, Decimal]]:
    """Walk for ever, a few hundredths of a percent at a time, and now and then leap to where stops or targets are."""
    chance, at = Random(f"prices {seed}"), dict(START_PRICES)
    while True:
        for symbol in START_PRICES:
            leap = chance.choice((-0.06, 0.06)) if chance.random() < 0.01 else chance.gauss(0, 0.0004)
            at[symbol] = EXACT.multiply(at[symbol], Decimal(f"{1 + leap:.6f}")).quantize(TICKS[symbol])
            yield symbol, at[symbol]
