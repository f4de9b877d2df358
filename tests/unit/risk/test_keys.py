"""Why a key is refused, when it is asked about again, and when it counts as invalid (KEY)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.risk.credentials import Credentials, bound_to, fingerprint, hints, last_of, packed, unpacked
from cbc_domain.risk.keys import (
    ASKED_AGAIN,
    ASKED_EVERY,
    KeyFindings,
    KeyHealth,
    KeyRefusal,
    ends_soon,
    first_health,
    judged,
    refusals,
)
from cbc_domain.risk.model import KeyStatus
from tests.strategies.trading import LIVE_ACCOUNT, account_of

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GOOD = KeyFindings(reads=True, trades=True, withdraws=False, hedge=False)
HEALTH = first_health(GOOD, NOW - DAY)
REFUSED = (KeyRefusal.KEY_INVALID,)

findings = st.builds(
    KeyFindings,
    reads=st.booleans(),
    trades=st.booleans(),
    withdraws=st.none() | st.booleans(),
    hedge=st.none() | st.booleans(),
    restricted=st.none() | st.booleans(),
    expires_at=st.none() | st.just(NOW + 30 * DAY),
)
environments = st.sampled_from([Environment.LIVE, Environment.TESTNET])
words = st.text(min_size=1, max_size=200)


@given(findings, environments)
def test_a_key_passes_only_when_nothing_speaks_against_it(found: KeyFindings, environment: Environment) -> None:
    """rules: KEY-03, KEY-04"""
    safe = found.withdraws is False or (found.withdraws is None and environment is Environment.TESTNET)

    assert (refusals(found, environment) == ()) == (found.reads and found.trades and safe and found.hedge is not None)


@given(findings, environments)
def test_a_key_that_can_withdraw_is_refused_whatever_else_holds(found: KeyFindings, environment: Environment) -> None:
    """rules: KEY-03"""
    dangerous = attrs.evolve(found, withdraws=True)

    assert KeyRefusal.KEY_CAN_WITHDRAW in refusals(dangerous, environment)


@pytest.mark.parametrize(
    ("found", "environment", "expected"),
    [
        (GOOD, Environment.LIVE, ()),
        (attrs.evolve(GOOD, hedge=True), Environment.LIVE, ()),
        (attrs.evolve(GOOD, withdraws=None), Environment.TESTNET, ()),
        (attrs.evolve(GOOD, withdraws=None), Environment.LIVE, ("key_permissions_unknown",)),
        (attrs.evolve(GOOD, withdraws=True), Environment.TESTNET, ("key_can_withdraw",)),
        (attrs.evolve(GOOD, trades=False), Environment.LIVE, ("key_cannot_trade",)),
        (attrs.evolve(GOOD, reads=False), Environment.LIVE, ("key_invalid",)),
        (attrs.evolve(GOOD, hedge=None), Environment.TESTNET, ("key_position_mode",)),
        (attrs.evolve(GOOD, withdraws=True, trades=False), Environment.LIVE, ("key_can_withdraw", "key_cannot_trade")),
    ],
)
def test_every_refusal_has_its_finding(found: KeyFindings, environment: Environment, expected: tuple[str, ...]) -> None:
    """rules: KEY-03, KEY-04, EXC-06"""
    assert refusals(found, environment) == expected


@given(st.lists(st.booleans(), max_size=12))
def test_a_key_is_invalid_exactly_after_two_failures_in_a_row(passes: list[bool]) -> None:
    """rules: KEY-10"""
    account, health, row = LIVE_ACCOUNT, HEALTH, 0

    for passed in passes:
        found = judged(account, health, GOOD if passed else None, () if passed else REFUSED, NOW)
        account, health = found.account, found.health
        row = 0 if passed else row + 1

    assert health.failures == row
    assert (account.status is KeyStatus.INVALID) == (row >= 2)


def test_one_failure_is_asked_about_again_within_the_hour_and_a_success_after_a_day() -> None:
    """rules: KEY-03, KEY-10"""
    failed = judged(LIVE_ACCOUNT, HEALTH, None, REFUSED, NOW)
    passed = judged(failed.account, failed.health, GOOD, (), NOW)

    assert (failed.account.usable, failed.health.due_at, failed.health.verified_at) == (True, NOW + ASKED_AGAIN, NOW - DAY)
    assert (passed.health.due_at, passed.health.verified_at) == (NOW + ASKED_EVERY, NOW)
    assert ASKED_EVERY < DAY


@pytest.mark.parametrize("found", [attrs.evolve(GOOD, withdraws=True), attrs.evolve(GOOD, trades=False)])
def test_a_key_found_dangerous_or_useless_opens_nothing_from_the_first_time_on(found: KeyFindings) -> None:
    """rules: KEY-03"""
    after = judged(LIVE_ACCOUNT, HEALTH, found, refusals(found, Environment.LIVE), NOW).account

    assert (after.status, after.usable) == (KeyStatus.VALID, False)


def test_the_position_mode_is_read_anew_and_kept_where_it_is_not_told() -> None:
    """rules: EXC-06"""
    hedged = judged(LIVE_ACCOUNT, HEALTH, attrs.evolve(GOOD, hedge=True), (), NOW).account
    untold = judged(hedged, HEALTH, attrs.evolve(GOOD, hedge=None), (KeyRefusal.KEY_POSITION_MODE,), NOW).account

    assert (hedged.hedge, untold.hedge) == (True, True)


@pytest.mark.parametrize(
    ("left", "warned"), [(8 * DAY, False), (7 * DAY, True), (timedelta(0), True), (-DAY, True), (None, False)]
)
def test_the_last_week_of_a_key_is_warned_of(left: timedelta | None, *, warned: bool) -> None:
    """rules: KEY-10"""
    health = KeyHealth(NOW, NOW + DAY, expires_at=None if left is None else NOW + left)

    assert ends_soon(health, NOW) is warned


@pytest.mark.parametrize(
    ("venue", "key", "told"),
    [
        (Venue.BINANCE, "a1" * 32, ()),
        (Venue.BINANCE, "a1" * 31, ("key_length_unusual",)),
        (Venue.BINANCE, "a-" * 32, ("key_characters_unusual",)),
        (Venue.BINANCE, "é" * 10, ("key_length_unusual", "key_characters_unusual")),
        (Venue.BYBIT, "a" * 10, ()),
        (Venue.BYBIT, "a" * 100, ()),
        (Venue.BYBIT, "a" * 9, ("key_length_unusual",)),
        (Venue.BYBIT, "a" * 101, ("key_length_unusual",)),
        (Venue.OKX, "anything", ()),
        (Venue.BITGET, "", ()),
    ],
)
def test_an_unusual_key_is_told_of(venue: Venue, key: str, told: tuple[str, ...]) -> None:
    """rules: KEY-05"""
    assert hints(venue, key) == told


@given(words, words, st.none() | words)
def test_a_packed_key_unpacks_to_itself_and_shows_none_of_its_parts(key: str, secret: str, passphrase: str | None) -> None:
    """rules: KEY-06, KEY-08"""
    credentials = Credentials(f"<{key}>", f"<{secret}>", passphrase)

    assert unpacked(packed(credentials)) == credentials
    assert f"<{key}>" not in repr(credentials)
    assert f"<{secret}>" not in repr(credentials)


def test_a_sealed_key_is_bound_to_row_member_venue_and_environment() -> None:
    """rules: KEY-06"""
    others = [
        attrs.evolve(LIVE_ACCOUNT, id=AccountId(UUID(int=1))),
        attrs.evolve(LIVE_ACCOUNT, member=MemberId(UUID(int=2))),
        account_of(0, venue=Venue.OKX),
        account_of(0, Environment.TESTNET),
    ]

    assert len({bound_to(one) for one in (LIVE_ACCOUNT, *others)}) == 5
    assert bound_to(attrs.evolve(LIVE_ACCOUNT, label="another", last4="0000")) == bound_to(LIVE_ACCOUNT)


@given(st.binary(min_size=32, max_size=32), words, words)
def test_fingerprints_are_the_same_for_the_same_key_only(pepper: bytes, key: str, other: str) -> None:
    """rules: KEY-04"""
    mark = fingerprint(pepper, Venue.BYBIT, key)

    assert (fingerprint(pepper, Venue.BYBIT, other) == mark) == (key == other)
    assert fingerprint(pepper, Venue.OKX, key) != mark
    assert fingerprint(pepper[::-1] + b"x", Venue.BYBIT, key) != mark


@pytest.mark.parametrize(("key", "shown"), [("abcdefghijkl", "ijkl"), ("abcdefghijk", ""), ("", "")])
def test_of_a_key_at_most_its_end_is_shown(key: str, shown: str) -> None:
    """rules: KEY-06"""
    assert last_of(key) == shown
