"""What the text of a signal asks for; an unknown text is never a permission for anything."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.venues import Side
from cbc_domain.signals.kinds import (
    CLOSE_WORDS,
    EXACT_TEXTS,
    NEGATION_WORDS,
    WHOLE_STRATEGY_WORDS,
    canonical,
    meaning_of,
)
from cbc_domain.signals.model import Scope, SignalKind
from tests.rulebook import cases, table
from tests.strategies.signals import dressed, signal_texts

REFUSALS = {"signal_kind_missing", "signal_kind_unknown", "signal_kind_ambiguous"}


@given(st.text() | signal_texts)
def test_the_canonical_form_of_a_canonical_form_is_itself(text: str) -> None:
    """rules: SIG-10"""
    form = canonical(text)

    assert canonical(form) == form
    assert form == " ".join(form.split())
    assert all(letter.isascii() and (letter.isdigit() or letter.isupper() or letter == " ") for letter in form)


@given(signal_texts)
def test_a_text_opens_only_when_it_stands_in_the_table(text: str) -> None:
    """rules: SIG-10"""
    try:
        meaning = meaning_of(text)
    except Invalid as refusal:
        assert refusal.code in REFUSALS
        return

    assert meaning.canonical == canonical(text)
    assert meaning_of(meaning.canonical) == meaning
    assert not meaning.kind.opens or EXACT_TEXTS[meaning.canonical] is meaning.kind
    assert not meaning.kind.closes or not set(meaning.canonical.split()) & NEGATION_WORDS


@given(st.sampled_from(sorted(EXACT_TEXTS)).flatmap(lambda text: st.tuples(st.just(text), dressed(text))))
def test_case_gaps_and_accents_do_not_change_a_text(text_and_variant: tuple[str, str]) -> None:
    """rules: SIG-10"""
    text, variant = text_and_variant

    assert meaning_of(variant) == meaning_of(text)


@pytest.mark.parametrize("row", cases("signal_name_cases"))
def test_the_table_of_signal_texts(row: Mapping[str, Any]) -> None:
    """rules: SIG-10"""
    text, expected = row["input"]["text"], row["expect"]
    if "error" in expected:
        with pytest.raises(Invalid) as refusal:
            meaning_of(text)
        assert refusal.value.code == expected["error"]
        assert "canonical" not in expected or canonical(text) == expected["canonical"]
        return

    meaning = meaning_of(text)

    assert meaning.kind == expected["kind"]
    assert meaning.canonical == expected["canonical"]
    assert (meaning.side or "BOTH") == expected["side"]
    assert meaning.scope == expected.get("scope", Scope.SYMBOL)


def test_the_words_are_those_of_the_book() -> None:
    """rules: SIG-10"""
    book = table("signal_name_table")
    texts = {text: SignalKind(kind) for kind, texts in book["exact"].items() for text in texts}

    assert texts == EXACT_TEXTS
    assert set(book["close_words"]) == CLOSE_WORDS
    assert set(book["negation_words"]) == NEGATION_WORDS
    assert set(book["scope_strategy_words"]) == WHOLE_STRATEGY_WORDS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A" * 65, "signal_kind_unknown"),
        ("FECHE " + "X" * 59, "signal_kind_unknown"),
        ("FECHE " + "\N{SQUARE MHZ}" * 40, "signal_kind_unknown"),
        (" " * 70, "signal_kind_missing"),
        ("FECHE\u200bI LONG", None),
        ("SINAL\u200bLONG FORTE", None),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER S}INAL LONG FORTE", None),
        ("S\N{CYRILLIC CAPITAL LETTER BYELORUSSIAN-UKRAINIAN I}NAL LONG FORTE", "signal_kind_unknown"),
        ("\ud800", "signal_kind_missing"),
    ],
)
def test_long_and_strange_texts(text: str, code: str | None) -> None:
    """rules: SIG-10"""
    found = None
    try:
        meaning_of(text)
    except Invalid as refusal:
        found = refusal.code

    assert found == code


def test_sixty_four_characters_are_not_too_long() -> None:
    """rules: SIG-10, GEN-08"""
    assert meaning_of("FECHE " + "X" * 58).kind is SignalKind.CLOSE_ALL
    assert meaning_of("  FECHE " + "X" * 58 + "  ").kind is SignalKind.CLOSE_ALL


def test_buy_and_sell_do_not_name_the_side_of_a_close() -> None:
    """rules: SIG-10"""
    assert meaning_of("CLOSE BUY").kind is SignalKind.CLOSE_ALL
    assert meaning_of("CLOSE LONG SELL").side is Side.LONG
