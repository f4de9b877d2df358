"""What the benchmark says one more member costs."""

import pytest

from tests.bench.growth import each_more


def test_each_more_costs_what_a_line_through_all_sizes_says() -> None:
    assert each_more([(100, 170.0), (200, 210.0), (1_000, 530.0)]) == pytest.approx(0.4)


def test_what_one_size_costs_tells_nothing_of_the_next() -> None:
    assert each_more([(100, 170.0)]) == each_more([(100, 170.0), (100, 180.0)]) == 0
