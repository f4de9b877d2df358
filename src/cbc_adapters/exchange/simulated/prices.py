"""Made-up prices: a seeded random walk of candles on the tick, with calm, rising and falling stretches."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Final

from cbc_adapters.exchange.simulated.model import Bar
from cbc_domain.kernel.rounding import down_to
from cbc_domain.trading.sizes import Instrument

POINT: Final = Decimal("0.0001")
"""Moves are drawn in whole basis points of the price, so that no binary fraction comes near it."""

REGIMES: Final = ((0, 8), (6, 14), (-6, 14), (0, 20))
"""Drift and reach of one step in basis points: calm, rising, falling, wild."""

REGIME_LENGTH: Final = (20, 60)
STEPS_IN_A_BAR: Final = 4


class SimulatedPrices:
    """Bars of one symbol without end; mutable because it remembers where the price is. Same seed, same bars.

    The seed of a symbol is its name and the given seed, so that a symbol's path does not depend on the others.
    """

    def __init__(self, instrument: Instrument, start: Decimal, seed: int) -> None:
        self._tick = instrument.tick
        self._price = start
        self._random = Random(f"{seed}|{instrument.symbol}")
        self._bars_left = 0
        self._regime = REGIMES[0]

    def __iter__(self) -> Iterator[Bar]:
        while True:
            yield self.next_bar()

    def next_bar(self) -> Bar:
        """One more candle; it opens where the last one closed."""
        if self._bars_left == 0:
            self._regime = self._random.choice(REGIMES)
            self._bars_left = self._random.randint(*REGIME_LENGTH)
        self._bars_left -= 1
        path = [self._price]
        for _ in range(STEPS_IN_A_BAR):
            path.append(self._moved(path[-1]))
        self._price = path[-1]
        return Bar(path[0], max(path), min(path), path[-1])

    def _moved(self, price: Decimal) -> Decimal:
        drift, reach = self._regime
        points = self._random.randint(-reach, reach) + self._random.choice((0, drift))
        return max(self._tick, down_to(price * (1 + points * POINT), self._tick))
