"""Whether the benchmark tells a fair order of fills from one that favours somebody."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tests.bench.fairness import NOBODY, Filled, fairness, ranks

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
CLUB = [f"m{number}" for number in range(50)]


def filled(order: Sequence[str]) -> Filled:
    return {member: FIRST + timedelta(milliseconds=place) for place, member in enumerate(order)}


def rotated(signal: int) -> Sequence[str]:
    """As PRI-03 has it."""
    return sorted(CLUB, key=lambda member: sha256(f"{signal}:{member}".encode()).hexdigest())


def test_lots_drawn_for_every_signal_scatter_as_chance_has_it() -> None:
    found = fairness([filled(rotated(signal)) for signal in range(200)])

    assert found.of_chance == pytest.approx(1, abs=0.25)
    assert 0.4 < found.luckiest < 0.5 < found.unluckiest < 0.6


def test_the_same_order_every_time_is_the_root_of_the_signals_away_from_chance() -> None:
    found = fairness([filled(CLUB)] * 9)

    assert found.of_chance == pytest.approx(3)
    assert (found.luckiest, found.unluckiest) == (0, 1)


def test_taking_turns_favours_nobody() -> None:
    found = fairness([filled(CLUB), filled(CLUB[::-1])])

    assert (found.of_chance, found.luckiest, found.unluckiest) == (0, 0.5, 0.5)


def test_members_filled_at_the_same_instant_share_a_place() -> None:
    assert ranks({"a": FIRST, "b": FIRST, "c": FIRST + timedelta(1)}) == {"a": 1.5, "b": 1.5, "c": 3}


def test_who_missed_a_signal_takes_no_place_from_the_others() -> None:
    found = fairness([filled(["late", "a", "b"]), filled(["b", "a"])])

    assert (found.of_chance, found.luckiest, found.unluckiest) == (0, 0.5, 0.5)


@pytest.mark.parametrize("signals", [[{}], [filled(["alone"])], [filled(["a"]), filled(["b"])]])
def test_nobody_is_favoured_where_nobody_stands_beside_him(signals: Sequence[Filled]) -> None:
    assert fairness(signals) == NOBODY
