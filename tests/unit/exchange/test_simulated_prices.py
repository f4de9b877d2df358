"""Made-up prices: on the tick, repeatable, and lively enough that stops and targets are both reached."""

from decimal import Decimal
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.model import Bar
from cbc_adapters.exchange.simulated.prices import SimulatedPrices
from cbc_domain.trading.sizes import Instrument


def bars(instrument: Instrument, seed: int, count: int) -> list[Bar]:
    return list(islice(SimulatedPrices(instrument, START_PRICES[instrument.symbol], seed), count))


@given(st.sampled_from(DEMONSTRATION), st.integers(0, 2**32))
def test_bars_are_on_the_tick_and_follow_one_another(instrument: Instrument, seed: int) -> None:
    """rules: SIZ-07, BT-02"""
    path = bars(instrument, seed, 50)

    for bar in path:
        assert all(price > 0 and price % instrument.tick == 0 for price in (bar.open, bar.high, bar.low, bar.close))
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    assert [bar.open for bar in path[1:]] == [bar.close for bar in path[:-1]]


@pytest.mark.parametrize("instrument", DEMONSTRATION)
def test_the_same_seed_gives_the_same_bars(instrument: Instrument) -> None:
    """rules: BT-07"""
    assert bars(instrument, 7, 100) == bars(instrument, 7, 100)
    assert bars(instrument, 7, 100) != bars(instrument, 8, 100)


@pytest.mark.parametrize("instrument", DEMONSTRATION)
def test_a_day_reaches_three_percent_up_and_down(instrument: Instrument) -> None:
    """rules: BT-04"""
    path = bars(instrument, 7, 1_440)

    ups = [max(bar.high for bar in path[at:]) / path[at].open for at in range(0, 1_000, 100)]
    downs = [min(bar.low for bar in path[at:]) / path[at].open for at in range(0, 1_000, 100)]

    assert max(ups) > Decimal("1.03")
    assert min(downs) < Decimal("0.97")


def test_every_coin_of_the_demonstration_has_a_price_on_its_tick() -> None:
    """rules: SIZ-07"""
    for instrument in DEMONSTRATION:
        assert START_PRICES[instrument.symbol] % instrument.tick == 0
