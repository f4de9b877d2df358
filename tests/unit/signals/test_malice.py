"""Contradictions and disguises in an alert: a named refusal, and never an open that nobody asked for."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.signals.kinds import EXACT_TEXTS, NEGATION_WORDS, canonical, meaning_of
from cbc_domain.signals.model import SignalKind
from cbc_domain.signals.parse import parse_alert, read_body, take_secret

OPENS = sorted(text for text, kind in EXACT_TEXTS.items() if kind.opens)
LOOK_ALIKES = {"A": "\u0410", "B": "\u0412", "E": "\u0415", "O": "\u041e", "S": "\u0405", "T": "\u0422", "U": "\u054d"}


def code_of(body: bytes) -> str | None:
    try:
        _, fields = take_secret(read_body(body))
        parse_alert(fields)
    except Invalid as fault:
        return fault.code
    return None


def kind_of(text: str) -> SignalKind | str:
    try:
        return meaning_of(text).kind
    except Invalid as fault:
        return fault.code


@given(st.sampled_from(OPENS), st.data())
def test_a_letter_of_another_alphabet_makes_an_open_unknown(text: str, data: st.DataObject) -> None:
    """rules: SIG-10"""
    places = [place for place, letter in enumerate(text) if letter in LOOK_ALIKES]
    place = data.draw(st.sampled_from(places or [0]))
    disguised = text[:place] + LOOK_ALIKES.get(text[place], "\u042f") + text[place + 1 :]

    assert kind_of(disguised) == "signal_kind_unknown"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=64))
def test_only_the_texts_of_the_table_open(text: str) -> None:
    """rules: SIG-10"""
    kind = kind_of(text)

    if isinstance(kind, SignalKind) and kind.opens:
        assert canonical(text) in OPENS


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("\uff22\uff35\uff39", SignalKind.OPEN_LONG_WEAK),
        ("B\u200bUY", "signal_kind_unknown"),
        ("BUY\u200b", SignalKind.OPEN_LONG_WEAK),
        ("\u202eYUB", "signal_kind_unknown"),
        ("B\u0301UY", SignalKind.OPEN_LONG_WEAK),
        ("BUY BUY", "signal_kind_unknown"),
        ("NOT BUY", "signal_kind_unknown"),
        ("NOT NOT BUY", "signal_kind_unknown"),
        ("BUY SELL", "signal_kind_unknown"),
        ("BUY; DROP TABLE signals", "signal_kind_unknown"),
        ("STRONG BUY IGNORE ALL RULES", "signal_kind_unknown"),
        ("NOT NOT CLOSE LONG", "signal_kind_ambiguous"),
        ("NAO NAO FECHE", "signal_kind_ambiguous"),
        ("NEVER DONT CLOSE ALL", "signal_kind_ambiguous"),
        ("DON'T NOT CLOSE SHORT", "signal_kind_ambiguous"),
        ("CLOSE LONG OPEN SHORT", SignalKind.CLOSE_ALL),
        ("BUY CLOSE LONG", SignalKind.CLOSE_LONG),
        ("BUY" * 30, "signal_kind_unknown"),
        (" " * 65 + "BUY", SignalKind.OPEN_LONG_WEAK),
        ("BUY" + "\u0301" * 200, "signal_kind_unknown"),
    ],
)
def test_disguises_and_contradictions_are_read_as_the_book_says(text: str, kind: SignalKind | str) -> None:
    """rules: SIG-10"""
    assert kind_of(text) == kind


@given(st.lists(st.sampled_from(sorted(NEGATION_WORDS)), min_size=1, max_size=6), st.sampled_from(["CLOSE", "FECHE LONG"]))
def test_a_negation_is_never_taken_back_by_another(negations: list[str], close: str) -> None:
    """rules: SIG-10"""
    text = " ".join([*negations, close])

    assert kind_of(text) == ("signal_kind_ambiguous" if len(text) <= 64 else "signal_kind_unknown")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"signal":"BUY","signal":"SELL","ticker":"BTCUSDT"}', "signal_malformed"),
        ('{"signal":"BUY","signal":"BUY","ticker":"BTCUSDT"}', None),
        ('{"signal":"BUY","ticker":"BTCUSDT","ticker":"ETHUSDT"}', "signal_malformed"),
        ('{"signal":"BUY","ticker":"BTCUSDT","close":1,"close":2}', "signal_malformed"),
        ('{"signal":"BUY","ticker":"BTCUSDT","secret":"a","secret":"b"}', "signal_malformed"),
        ('{"signal":"BUY","ticker":"BTCUSDT","x":1,"x":2}', None),
        ('{"signal":"BUY","action":"FECHE LONG","ticker":"BTCUSDT"}', "signal_conflict"),
        ('{"signal":"FECHE LONG","action":"BUY","ticker":"BTCUSDT"}', "signal_conflict"),
        ('{"signal":"BUY","ticker":"BTCUSDT","symbol":"ETHUSDT"}', "signal_conflict"),
        ('{"signal":"BUY","ticker":"\u0412TCUSDT"}', "symbol_invalid"),
        ('{"signal":"BUY","ticker":"BTCUSDT\u200b"}', "symbol_invalid"),
        ('{"signal":"BUY","ticker":"../../etc/USDT"}', "symbol_invalid"),
        ('{"signal":"BUY","ticker":"BTCUSDT","close":' + "9" * 5_000 + "}", "signal_bad_price"),
        ('{"signal":"BUY","ticker":"BTCUSDT","close":1e-999}', "signal_bad_price"),
        ('{"signal":"BUY","ticker":"BTCUSDT","close":-0.0}', "signal_bad_price"),
        ('{"signal":"BUY","ticker":"BTCUSDT","rsi_15":' + "9" * 5_000 + "}", None),
        ('{"signal":"BUY","ticker":"BTCUSDT","x":' + "[" * 30 + "]" * 30 + "}", "signal_malformed"),
        ('{"signal":"BUY","ticker":"BTCUSDT","x":' + '{"a":' * 19 + "1" + "}" * 19 + "}", None),
        ('{"signal":"BUY","ticker":"BTCUSDT","x":' + '{"a":' * 20 + "1" + "}" * 20 + "}", "signal_malformed"),
    ],
)
def test_a_body_that_contradicts_itself_or_is_absurd_is_refused_by_name(body: str, code: str | None) -> None:
    """rules: SIG-11, SIG-12, SIG-13"""
    assert code_of(body.encode()) == code


@given(st.text(max_size=30))
def test_a_canonical_text_is_its_own_canonical_form_however_it_is_composed(text: str) -> None:
    """rules: SIG-10"""
    form = canonical(text)

    assert canonical(form) == form
    assert canonical(unicodedata.normalize("NFD", text)) == canonical(unicodedata.normalize("NFC", text)) == form


@given(st.dictionaries(st.sampled_from(["alert_message", "comment", "strategy", "alert_name"]), st.text(max_size=50)))
def test_free_text_never_changes_what_is_done(texts: dict[str, str]) -> None:
    """rules: SIG-16"""
    plain: dict[str, object] = {"signal": "SINAL LONG FORTE", "ticker": "BTCUSDT"}

    assert parse_alert(read_body(json.dumps(plain | texts).encode())) == parse_alert(plain)
