"""The machine's clock and the stepped one, real identities and repeatable ones."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.system.real.clock import SystemClock
from cbc_adapters.system.real.identities import SystemIdentities, successor
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_adapters.system.stepped.identities import SteppedIdentities
from cbc_adapters.system.stepped.shared import SharedClock
from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import uuid7
from cbc_domain.ports.system import Clock, Identities
from tests.promises.clock import ClockPromises, IdentitiesPromises

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class TestSystemClock(ClockPromises):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()


class TestSteppedClock(ClockPromises):
    @pytest.fixture
    def clock(self) -> Clock:
        return SteppedClock(START)


class TestSharedClock(ClockPromises):
    @pytest.fixture
    def clock(self, tmp_path: Path) -> Iterator[Clock]:
        clock = SharedClock(tmp_path / "time", START)
        yield clock
        clock.close()


class TestSystemIdentities(IdentitiesPromises):
    @pytest.fixture
    def identities(self) -> Identities:
        return SystemIdentities()


class TestSystemIdentitiesOnAStandingClock(IdentitiesPromises):
    @pytest.fixture
    def identities(self) -> Identities:
        return SystemIdentities(SteppedClock(START))


class TestSteppedIdentities(IdentitiesPromises):
    @pytest.fixture
    def identities(self) -> Identities:
        return SteppedIdentities(SteppedClock(START), seed=7)


def test_a_stepped_clock_moves_only_when_told() -> None:
    """rules: BT-06"""
    clock = SteppedClock(START)

    moved = clock.advance(by=timedelta(minutes=30))

    assert moved == clock.now() == START + timedelta(minutes=30)
    assert clock.advance(to=START + timedelta(hours=1)) == START + timedelta(hours=1)


def test_a_stepped_clock_never_goes_back() -> None:
    """rules: BT-07"""
    clock = SteppedClock(START)

    with pytest.raises(Invalid, match="time_invalid"):
        clock.advance(to=START - timedelta(microseconds=1))


def test_a_shared_clock_tells_all_who_read_it_the_same_time(tmp_path: Path) -> None:
    """rules: BT-06"""
    driver = SharedClock(tmp_path / "time", START)
    reader = SharedClock(tmp_path / "time")
    before = reader.now()

    driver.advance(by=timedelta(seconds=5, microseconds=1))

    assert before == START
    assert reader.now() == driver.now() == START + timedelta(seconds=5, microseconds=1)
    for clock in (driver, reader):
        clock.close()


def test_a_shared_clock_never_goes_back_even_when_it_is_started_again(tmp_path: Path) -> None:
    """rules: BT-07"""
    clock = SharedClock(tmp_path / "time", START)

    with pytest.raises(Invalid, match="time_invalid"):
        clock.advance(by=timedelta(microseconds=-1))
    with pytest.raises(Invalid, match="time_invalid"):
        SharedClock(tmp_path / "time", START - timedelta(days=1))

    assert clock.now() == START
    clock.close()


def test_the_same_seed_gives_the_same_identities_and_secrets() -> None:
    """rules: BT-07"""
    one, other = (SteppedIdentities(SteppedClock(START), seed=7) for _ in range(2))
    third = SteppedIdentities(SteppedClock(START), seed=8)

    first = [one.new() for _ in range(10)]

    assert first == [other.new() for _ in range(10)]
    assert one.secret(16) == other.secret(16)
    assert third.new() not in first


def test_identities_ascend_when_the_clock_is_moved() -> None:
    """rules: GEN-15"""
    clock = SteppedClock(START)
    identities = SteppedIdentities(clock, seed=7)
    before = identities.new()

    clock.advance(by=timedelta(milliseconds=1))

    assert identities.new() > before


@given(st.binary(min_size=10, max_size=10), st.integers(1, 2**33))
def test_a_successor_is_later_and_still_of_version_seven(random: bytes, step: int) -> None:
    """rules: GEN-15"""
    identity = uuid7(START, random)

    after = successor(identity, step)

    assert after > identity
    assert after.version == 7


def test_a_successor_of_the_last_identity_of_a_millisecond_is_in_the_next() -> None:
    """rules: GEN-15"""
    last = uuid7(START, b"\xff" * 10)

    assert successor(last, 1) == uuid7(START + timedelta(milliseconds=1), b"\x00" * 10)
    assert isinstance(last, UUID)
