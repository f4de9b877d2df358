"""Which rules of the finished sections of the rule book a test proves, and which are planned for later."""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from tests.documents import source

LIST: Final = source.TESTS / "rulebook-rules.json"
"""The finished sections with their rule IDs, and which of those are marked (beyond); flows and examples stand under a rule."""

PLANNED: Final[Mapping[str, str]] = {}
"""Rules of finished sections, not (beyond), that no test proves yet, each with the reason."""

PARTLY: Final[Mapping[str, str]] = {
    "GEN-01": "texts for members in pt-BR and en come with the screens and messages",
    "CFG-13": "payout methods and step-up come with withdrawals and two-factor sign-in; until then the values are refused",
    "COM-20": "per_trade is built; daily_net and high_water_mark are (beyond)",
    "EXC-01": "one suite over every adapter; a suite against the venues' own test environments is not there yet",
    "LED-23": "a printed hash is compared on demand; the proof at night does not read a store of them by itself",
    "MKT-01": "a value and its ages are judged; combining two sources, hourly, comes with the live sources",
    "MKT-02": "the pulse is reckoned from rows; fetching them every 300 s comes with the live sources",
    "MKT-32": "moves are judged and told as events; letters to members and automatic closes come with the live sources",
    "RSK-01": "all limits but the coin that moves 15% within an hour, which needs prices of an hour ago from every venue",
    "RSK-22": "failing orders, clocks, an unknown direction, an unexplained order pause; other mismatches are mended",
    "SIG-41": "a secret has an end and two may be valid; the act that makes a second one comes with the screens of the staff",
}
"""Rules that tests prove as far as they are built, each with what is still to come."""

_LOADED: Final = re.compile(r'\b(?:cases|table)\("(\w+)"\)')
_BOOK_LINE: Final = re.compile(r"- \*\*(([A-Z]+)-\d+)\*\* (.+)")


@attrs.frozen
class Section:
    """One section of the rule book: its rules in the order of the book, and those past the basic product."""

    name: str
    rules: tuple[str, ...]
    beyond: frozenset[str]

    def proved(self, named: Collection[str]) -> Sequence[str]:
        return [rule for rule in self.rules if rule in named]

    def planned(self, named: Collection[str]) -> Sequence[str]:
        """Rules without a test that need none yet."""
        return [rule for rule in self.rules if rule not in named and (rule in self.beyond or rule in PLANNED)]

    def unproved(self, named: Collection[str]) -> Sequence[str]:
        """Rules without a test that need one."""
        return [rule for rule in self.rules if rule not in named and rule not in self.beyond and rule not in PLANNED]


def sections(listed: Path = LIST) -> Sequence[Section]:
    content: Mapping[str, Mapping[str, Sequence[str]]] = json.loads(listed.read_text())
    return [Section(name, tuple(one["rules"]), frozenset(one["beyond"])) for name, one in content.items()]


def named_rules() -> frozenset[str]:
    """Every rule that the docstring of a test names; `COM-03 (COM-EX1)` names COM-03."""
    return frozenset(rule.partition(" ")[0] for rule in source.rules())


def book_sections(book: str, names: Sequence[str]) -> Iterator[Section]:
    """Read the rules of these sections from the text of the rule book."""
    found = [(rule, prefix, "(beyond)" in text) for rule, prefix, text in _BOOK_LINE.findall(book)]
    for name in names:
        rules = tuple(rule for rule, prefix, _ in found if prefix == name)
        yield Section(name, rules, frozenset(rule for rule, prefix, later in found if prefix == name and later))


def loaded_tables() -> frozenset[str]:
    """Every table of the rule book's data that a test loads."""
    return frozenset(
        name for path in source.modules(source.TESTS) for name in _LOADED.findall(path.read_text()) if path != Path(__file__)
    )
