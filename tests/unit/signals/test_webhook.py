"""A signed body is believed for a minute, and a sender may knock only so often."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.signals.webhook import CLOCKS_MAY_DIFFER, WEBHOOK_LIMIT, Bucket, take, verify_signature
from tests.rulebook import table
from tests.strategies.signals import RECEIVED, instants

VECTOR: Final = table("webhook_hmac_vector")
SIGNED_AT: Final = datetime.fromtimestamp(int(VECTOR["timestamp"]), UTC)
BODY: Final = VECTOR["body"].encode()

waits = st.lists(st.timedeltas(timedelta(seconds=-30), timedelta(minutes=3)), max_size=80)


def _check(
    header: str = VECTOR["header"], body: bytes = BODY, secret: str = VECTOR["secret"], now: datetime = SIGNED_AT
) -> bool:
    return verify_signature(header, body, secret, now)


@given(st.text() | st.from_regex(r"t=[0-9]{1,14},v1=[0-9a-fA-F]{64}", fullmatch=True), st.binary(), st.text(), instants)
def test_no_made_up_header_is_believed(header: str, body: bytes, secret: str, now: datetime) -> None:
    """rules: SIG-42, SIG-43"""
    assert not verify_signature(header, body, secret, now)


def test_the_vector_of_the_book() -> None:
    """rules: SIG-42"""
    assert _check()
    assert timedelta(seconds=VECTOR["tolerance_seconds"]) == CLOCKS_MAY_DIFFER


@pytest.mark.parametrize(
    ("apart", "believed"),
    [
        (timedelta(seconds=60), True),
        (timedelta(seconds=-60), True),
        (timedelta(seconds=60, microseconds=1), False),
        (timedelta(seconds=-60, microseconds=-1), False),
    ],
)
def test_a_signature_is_believed_for_a_minute_either_way(apart: timedelta, believed: bool) -> None:
    """rules: SIG-42, GEN-08"""
    assert _check(now=SIGNED_AT + apart) is believed


def test_the_raw_bytes_are_signed() -> None:
    """rules: SIG-42"""
    assert not _check(body=BODY + b" ")
    assert not _check(secret=VECTOR["secret"] + "x")
    assert not _check(header=VECTOR["header"].replace("v1=a", "v1=b"))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=" + "a" * 64,
        VECTOR["header"].replace("v1", "v0"),
        VECTOR["header"] + ",v1=" + "a" * 64,
        VECTOR["header"] + "\n",
        VECTOR["header"].replace("t=", "t=-"),
        VECTOR["header"].replace("t=1", "t=\N{ARABIC-INDIC DIGIT ONE}"),
        "t=" + "9" * 5000 + ",v1=" + "a" * 64,
        "t=1772463602,v1=\ud800",
    ],
)
def test_a_header_of_another_form_is_not_believed(header: str) -> None:
    """rules: SIG-42, SIG-43"""
    assert not _check(header=header)


@given(waits)
def test_never_more_than_thirty_and_one_for_each_twelve_seconds(waited: list[timedelta]) -> None:
    """rules: SIG-45"""
    bucket, now, granted, elapsed = None, RECEIVED, 0, timedelta(0)

    for pause in waited:
        now += pause
        elapsed += max(pause, timedelta(0))
        bucket, wait = take(bucket, now)
        granted += wait is None

    assert granted <= 30 + elapsed // timedelta(seconds=12)


@given(waits)
def test_who_waits_as_told_is_heard(waited: list[timedelta]) -> None:
    """rules: SIG-45, API-08"""
    bucket, now = None, RECEIVED

    for pause in waited:
        now += pause
        bucket, wait = take(bucket, now)
        assert wait is None or timedelta(0) < wait <= timedelta(seconds=12)
        assert wait is None or take(bucket, now + wait)[1] is None


def test_thirty_at_once_and_three_hundred_an_hour() -> None:
    """rules: SIG-45"""
    limits = table("limits")["signal"]
    bucket, granted = None, 0

    for _ in range(40):
        bucket, wait = take(bucket, RECEIVED)
        granted += wait is None

    assert granted == limits["burst"] == WEBHOOK_LIMIT.burst
    assert wait == WEBHOOK_LIMIT.one_more_after == timedelta(hours=1) / limits["per_secret_per_hour"]


def test_a_bucket_is_full_again_after_six_minutes_and_not_fuller() -> None:
    """rules: SIG-45"""
    empty = Bucket(full_at=RECEIVED + timedelta(minutes=6))
    long_after = RECEIVED + timedelta(days=1)

    assert take(empty, RECEIVED)[1] == timedelta(seconds=12)
    assert take(empty, RECEIVED + timedelta(seconds=12)) == (Bucket(RECEIVED + timedelta(minutes=6, seconds=12)), None)
    assert take(empty, long_after) == (Bucket(long_after + timedelta(seconds=12)), None)


def test_an_empty_bucket_for_opens_leaves_the_closes_theirs() -> None:
    """rules: SIG-45"""
    opens = Bucket(full_at=RECEIVED + timedelta(minutes=6))

    assert take(opens, RECEIVED)[1] is not None
    assert take(None, RECEIVED)[1] is None
