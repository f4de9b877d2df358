"""The pulse of the market is taken from the rows of its hundred largest pairs."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.venues import Symbol
from cbc_domain.market.pulse import TickerRow, pulse_of, universe
from cbc_domain.market.rules import usable_pulse
from tests.strategies.market import NOW


def row(symbol: str, change: str = "1", volume: str = "1000", age: timedelta = timedelta(0)) -> TickerRow:
    return TickerRow(Symbol(symbol), Decimal(10), Decimal(change), Decimal(volume), NOW - age)


def market(size: int, change: str = "1") -> list[TickerRow]:
    return [row(f"C{number}USDT", change, str(1_000_000 - number)) for number in range(size)]


changes = st.decimals(-90, 90, places=3)
volumes = st.decimals(Decimal("0.01"), 10**9, places=2)
rows = st.lists(st.tuples(changes, volumes), min_size=1, max_size=120).map(
    lambda values: [row(f"C{number}USDT", str(change), str(volume)) for number, (change, volume) in enumerate(values)]
)


@given(rows)
def test_a_pulse_is_a_share_and_an_average_of_what_there_is(found: list[TickerRow]) -> None:
    """rules: MKT-03"""
    pulse = pulse_of(found, NOW)

    assert pulse is not None
    assert 0 <= pulse.pm_plus <= 100
    moves = [one.change for one in universe(found) if one.change is not None]
    assert min(moves) - Decimal("1e-20") <= pulse.vwdelta <= max(moves) + Decimal("1e-20")
    assert pulse.valid_rows == min(len(found), 100)


@given(rows.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_rows_does_not_matter(orders: tuple[list[TickerRow], list[TickerRow]]) -> None:
    """rules: MKT-02"""
    found, shuffled = orders

    assert pulse_of(shuffled, NOW) == pulse_of(found, NOW)


def test_rising_rows_and_weighted_changes_are_reckoned_as_the_book_says() -> None:
    """rules: MKT-03"""
    found = [row("AUSDT", "2", "300"), row("BUSDT", "0", "100"), row("CUSDT", "-1", "100")]

    pulse = pulse_of(found, NOW)

    assert pulse is not None
    assert (pulse.pm_plus.quantize(Decimal("0.0001")), pulse.vwdelta) == (Decimal("33.3333"), Decimal(1))


def test_only_the_hundred_pairs_with_the_most_volume_count() -> None:
    """rules: MKT-02"""
    pulse = pulse_of([*market(100, "1"), row("LASTUSDT", "-50", "1")], NOW)

    assert pulse is not None
    assert (pulse.pm_plus, pulse.vwdelta, pulse.valid_rows) == (Decimal(100), Decimal(1), 100)


@pytest.mark.parametrize(
    ("symbol", "counts"),
    [
        ("ETHUSDT", True),
        ("JUPUSDT", True),
        ("SYRUPUSDT", True),
        ("1000PEPEUSDT", True),
        ("USDCUSDT", False),
        ("FDUSDUSDT", False),
        ("BTCUPUSDT", False),
        ("BTCDOWNUSDT", False),
        ("BTC3LUSDT", False),
        ("BTC5SUSDT", False),
        ("BTCBULLUSDT", False),
        ("BTCDOMUSDT", False),
        ("DEFIUSDT", False),
        ("BTCUSD", False),
        ("BTCUSDT_260626", False),
    ],
)
def test_stablecoins_leveraged_tokens_and_index_products_are_left_out(symbol: str, counts: bool) -> None:
    """rules: MKT-02"""
    found = {one.symbol for one in universe([row("BTCUSDT"), row(symbol)])}

    assert (symbol in found) is counts
    assert "BTCUSDT" in found


@pytest.mark.parametrize(
    ("spoiled", "valid"),
    [
        (row("BTCUSDT", age=timedelta(seconds=300)), True),
        (row("BTCUSDT", age=timedelta(seconds=300, microseconds=1)), False),
        (row("BTCUSDT", age=timedelta(seconds=-301)), False),
        (row("BTCUSDT", volume="0"), False),
        (row("BTCUSDT", volume="-1"), False),
        (row("BTCUSDT", change="NaN"), False),
        (row("BTCUSDT", change="0"), True),
        (attrs.evolve(row("BTCUSDT"), price=None), False),
        (attrs.evolve(row("BTCUSDT"), price=Decimal(0)), False),
        (attrs.evolve(row("BTCUSDT"), change=None), False),
        (attrs.evolve(row("BTCUSDT"), volume=None), False),
    ],
)
def test_a_row_needs_price_change_volume_and_a_fresh_time(spoiled: TickerRow, valid: bool) -> None:
    """rules: MKT-02, GEN-08, GEN-12"""
    pulse = pulse_of([spoiled], NOW)

    assert (pulse is not None) is valid


@pytest.mark.parametrize(("size", "usable"), [(79, False), (80, True)])
def test_eighty_valid_rows_make_a_pulse_usable_for_ten_minutes(size: int, usable: bool) -> None:
    """rules: MKT-02, GEN-08"""
    pulse = pulse_of([*market(size), *(row(f"D{n}USDT", age=timedelta(hours=1)) for n in range(20))], NOW)

    assert (usable_pulse(pulse, NOW + timedelta(seconds=600)) is not None) is usable
    assert usable_pulse(pulse, NOW + timedelta(seconds=600, microseconds=1)) is None


def test_without_rows_there_is_no_pulse() -> None:
    """rules: MKT-02, GEN-12"""
    assert pulse_of([], NOW) is None
