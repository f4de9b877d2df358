"""Bytes from outside become fields or a named refusal, and what is kept holds no secret."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.signals.body import DEEPEST, LARGEST_BODY, read_body, readable_body, take_secret
from tests.strategies.signals import HOSTILE_BODIES, alert_bodies, body_of, json_values

SECRET = "correct-horse-battery-staple"


def _found(body: bytes) -> str | None:
    try:
        read_body(body)
    except Invalid as refusal:
        return refusal.code
    return None


@given(st.binary(max_size=300))
def test_any_bytes_are_an_object_or_a_named_refusal(body: bytes) -> None:
    """rules: SIG-11, SIG-46"""
    assert _found(body) in (None, "signal_malformed")


@settings(deadline=timedelta(seconds=5))
@given(st.sampled_from(HOSTILE_BODIES))
def test_a_hostile_body_is_settled_quickly(body: bytes) -> None:
    """rules: SIG-03, SIG-11, SIG-46"""
    assert _found(body) in (None, "signal_malformed", "payload_too_large")
    assert len(readable_body(body)) <= 4 * LARGEST_BODY


@given(alert_bodies, st.text(max_size=10))
def test_what_is_kept_reads_as_what_was_sent_without_its_secret(body: dict[str, object], secret: str) -> None:
    """rules: SIG-31, SIG-41"""
    sent = body_of({**body, "secret": secret})

    taken, rest = take_secret(read_body(sent))

    assert (taken or "") == secret
    assert rest == read_body(body_of(body))
    assert read_body(readable_body(rest).encode()) == rest
    assert readable_body(sent) == readable_body(rest)


@given(st.dictionaries(st.text(), json_values))
@example({"a": "\ud800", "b\x00": "\x00"})
def test_what_is_kept_can_always_be_stored(body: dict[str, object]) -> None:
    """rules: SIG-31"""
    kept = readable_body(body)

    assert "\x00" not in kept
    assert isinstance(json.loads(kept.encode()), dict)


def test_numbers_are_read_as_decimals_and_kept_as_they_were() -> None:
    """rules: GEN-02, SIG-11"""
    body = b'{"price": 61250.50, "rsi": 71, "macd": -12.4e1}'

    fields = read_body(body)

    assert fields == {"price": Decimal("61250.50"), "rsi": Decimal(71), "macd": Decimal("-124")}
    assert {type(value) for value in fields.values()} == {Decimal}
    assert readable_body(fields) == '{"price": 61250.50, "rsi": 71, "macd": -124}'


def test_bare_nan_and_infinities_are_no_value() -> None:
    """rules: SIG-11, SIG-13"""
    assert read_body(b'{"a": NaN, "b": Infinity, "c": -Infinity}') == {"a": None, "b": None, "c": None}


def test_a_byte_order_mark_and_white_space_do_no_harm() -> None:
    """rules: SIG-11"""
    assert read_body(b'\xef\xbb\xbf \r\n{"a": "b"}\n') == {"a": "b"}


@pytest.mark.parametrize("number", ["9" * 100, "1e999999999999999999999", "-1e-999999999999999999999"])
def test_a_number_of_absurd_size_stays_its_text(number: str) -> None:
    """rules: SIG-11, SIG-46"""
    assert read_body(b'{"a": %s}' % number.encode()) == {"a": number}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"SINAL LONG FORTE",
        b"[1,2]",
        b'"BUY"',
        b"null",
        b"NaN",
        b'{"ticker":',
        b'{"a": 1} {"b": 2}',
        b'{"a": "\xff"}',
        '{"signal": "BUY"}'.encode("utf-16"),
        b'{"a": "line\nbreak"}',
        b'{"signal": "SINAL LONG FORTE", "signal": "FECHE LONG"}',
        b'{"signal": {"ticker": "SOLUSDT", "ticker": "BTCUSDT"}}',
    ],
)
def test_what_is_no_single_object_is_malformed(body: bytes) -> None:
    """rules: SIG-11"""
    assert _found(body) == "signal_malformed"


def test_a_repeated_field_that_has_no_effect_or_no_other_value_does_no_harm() -> None:
    """rules: SIG-11, SIG-22"""
    assert read_body(b'{"signal": "CLOSE", "signal": "CLOSE", "rsi": 1, "rsi": 2}') == {
        "signal": "CLOSE",
        "rsi": Decimal(2),
    }


def test_sixty_four_kib_are_taken_and_one_byte_more_is_not() -> None:
    """rules: SIG-11, GEN-08"""
    largest = b'{"a": "' + b"x" * (LARGEST_BODY - 9) + b'"}'

    assert (len(largest), _found(largest)) == (LARGEST_BODY, None)
    assert _found(largest + b" ") == "payload_too_large"


def test_twenty_levels_are_taken_and_one_more_is_not() -> None:
    """rules: SIG-11"""
    assert _found(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST) is None
    assert _found(b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1)) == "signal_malformed"


def test_the_refusal_says_where_and_shows_nothing_of_the_body() -> None:
    """rules: SIG-11, SIG-41, GEN-09"""
    with pytest.raises(Invalid) as refusal:
        read_body(b'{"secret": "' + SECRET.encode() + b'", oops}')

    assert "character 43" in refusal.value.detail
    assert SECRET not in refusal.value.detail


@pytest.mark.parametrize(
    ("secret", "expected"), [(SECRET, SECRET), ("", None), (None, None), (Decimal(5), None), ([SECRET], None)]
)
def test_the_secret_leaves_the_body_whatever_it_is(secret: object, expected: str | None) -> None:
    """rules: SIG-40, SIG-41"""
    assert take_secret({"secret": secret, "signal": "BUY"}) == (expected, {"signal": "BUY"})


def test_a_secret_below_the_top_level_does_not_authenticate() -> None:
    """rules: SIG-40"""
    assert take_secret({"signal": {"secret": SECRET}}) == (None, {"signal": {"secret": SECRET}})


@pytest.mark.parametrize(
    "body",
    [
        b'{"secret": "%s", "signal": "BUY"}',
        b'{"signal": {"Secret": "%s"}}',
        b'[{"secret": "%s"}]',
        b'{"secret": "%s", "signal": ',
        b'{"secret" : "%s',
        b'{"secret": "\\"%s", oops',
        b"secret=%s signal=BUY",
        b"SECRET: %s",
        b'{"secret": "%s", "n": ' + b"[" * 2000,
        b'\xff{"secret": "%s"}',
    ],
)
def test_what_is_kept_holds_no_secret(body: bytes) -> None:
    """rules: SIG-41"""
    assert SECRET not in readable_body(body.replace(b"%s", SECRET.encode()))


def test_what_is_kept_of_an_unreadable_body_is_still_readable() -> None:
    """rules: SIG-31, SIG-46"""
    assert readable_body(b"SINAL \xff LONG") == "SINAL \\xff LONG"
    assert len(readable_body(b"x" * 100_000)) == LARGEST_BODY
