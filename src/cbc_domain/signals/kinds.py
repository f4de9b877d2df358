"""From the text of a signal to what it asks for (SIG-10)."""

import re
import unicodedata
from typing import Final

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.venues import Side
from cbc_domain.signals.model import Scope, SignalKind

LONGEST_TEXT: Final = 64

EXACT_TEXTS: Final = {
    "SINAL LONG FORTE": SignalKind.OPEN_LONG_STRONG,
    "STRONG BUY": SignalKind.OPEN_LONG_STRONG,
    "BUY FORTE": SignalKind.OPEN_LONG_STRONG,
    "SINAL SHORT FORTE": SignalKind.OPEN_SHORT_STRONG,
    "STRONG SELL": SignalKind.OPEN_SHORT_STRONG,
    "SELL FORTE": SignalKind.OPEN_SHORT_STRONG,
    "SINAL LONG": SignalKind.OPEN_LONG_WEAK,
    "LONG": SignalKind.OPEN_LONG_WEAK,
    "BUY": SignalKind.OPEN_LONG_WEAK,
    "SINAL SHORT": SignalKind.OPEN_SHORT_WEAK,
    "SHORT": SignalKind.OPEN_SHORT_WEAK,
    "SELL": SignalKind.OPEN_SHORT_WEAK,
    "FECHE LONG": SignalKind.CLOSE_LONG,
    "CLOSE LONG": SignalKind.CLOSE_LONG,
    "FECHE SHORT": SignalKind.CLOSE_SHORT,
    "CLOSE SHORT": SignalKind.CLOSE_SHORT,
    "CONFIRMACAO LONG": SignalKind.CONFIRM,
    "CONFIRMACAO SHORT": SignalKind.CONFIRM,
    "FECHE TODAS AS POSICOES": SignalKind.CLOSE_ALL,
}
CLOSE_WORDS: Final = frozenset({"FECHE", "CLOSE"})
NEGATION_WORDS: Final = frozenset({"NAO", "NOT", "DON", "DONT", "NUNCA", "NEVER"})
WHOLE_STRATEGY_WORDS: Final = frozenset({"TODAS", "TODOS", "TUDO", "ALL"})

_OTHER_CHARACTERS: Final = re.compile(r"[^A-Z0-9]+")


@attrs.frozen
class Meaning:
    """What a text asks for; `side` None means both, `scope` says something for closes only."""

    kind: SignalKind
    side: Side | None
    scope: Scope
    canonical: str


def canonical(text: str) -> str:
    """Reduce a text to A-Z, 0-9 and single spaces, without accents; the canonical form of itself is itself (SIG-10)."""
    apart = unicodedata.normalize("NFKD", text)
    letters = "".join(letter for letter in apart if not unicodedata.category(letter).startswith("M"))
    return _OTHER_CHARACTERS.sub(" ", letters.upper()).strip()


def meaning_of(text: object) -> Meaning:
    """Find the kind of a signal text (SIG-10). Raises Invalid `signal_kind_missing`, `_unknown` or `_ambiguous`."""
    if not isinstance(text, str) or not text.strip():
        raise Invalid("signal_kind_missing", f"expected the text of a signal, was {_shown(text)}")
    form = canonical(text) if len(text.strip()) <= LONGEST_TEXT else None
    if form is None or len(form) > LONGEST_TEXT:
        raise Invalid("signal_kind_unknown", f"expected at most {LONGEST_TEXT} characters, was {_shown(text)}")
    if not form:
        raise Invalid("signal_kind_missing", f"expected the text of a signal, was {_shown(text)}")
    kind = _kind_of(form)
    return Meaning(kind, _side_of(kind, form), _scope_of(form), form)


def _kind_of(form: str) -> SignalKind:
    words = set(form.split())
    if form in EXACT_TEXTS:
        return EXACT_TEXTS[form]
    if not words & CLOSE_WORDS:
        raise Invalid("signal_kind_unknown", f"expected a known signal text, was {form!r}")
    if words & NEGATION_WORDS:
        raise Invalid("signal_kind_ambiguous", f"expected a close without a negation, was {form!r}")
    match _named_side(form):
        case Side.LONG:
            return SignalKind.CLOSE_LONG
        case Side.SHORT:
            return SignalKind.CLOSE_SHORT
        case None:
            return SignalKind.CLOSE_ALL


def _side_of(kind: SignalKind, form: str) -> Side | None:
    match kind:
        case SignalKind.OPEN_LONG_STRONG | SignalKind.OPEN_LONG_WEAK | SignalKind.CLOSE_LONG:
            return Side.LONG
        case SignalKind.OPEN_SHORT_STRONG | SignalKind.OPEN_SHORT_WEAK | SignalKind.CLOSE_SHORT:
            return Side.SHORT
        case SignalKind.CLOSE_ALL | SignalKind.CONFIRM:
            return _named_side(form)


def _named_side(form: str) -> Side | None:
    named = [side for side in Side if side in form.split()]
    return named[0] if len(named) == 1 else None


def _scope_of(form: str) -> Scope:
    words = set(form.split())
    return Scope.STRATEGY if words & CLOSE_WORDS and words & WHOLE_STRATEGY_WORDS else Scope.SYMBOL


def _shown(value: object) -> str:
    return repr(value[:40]) if isinstance(value, str) else type(value).__name__
