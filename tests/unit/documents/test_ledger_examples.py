"""The entries that the pages of the ledger print are those of the rule book, flow by flow."""

import re
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.documents.source import ROOT, SRC
from tests.rulebook import table

LEDGER: Final = ROOT / "docs" / "ledger"
SECTION: Final = re.compile(r"^## (LEDX-\d{3}): (.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
LINE: Final = re.compile(r"^([DC]) (\w+) +(\w+) +([A-Z]{3}) (\d+\.\d\d)$", re.MULTILINE)
FLOW: Final = re.compile(r"LED-F\d+")
EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {example["id"]: example for example in table("ledger_examples")}


def sections() -> dict[str, str]:
    pages = [path.read_text() for path in sorted(LEDGER.glob("*.md"))]
    return {name: body for page in pages for name, body in SECTION.findall(page)}


SECTIONS: Final = sections()


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_flow_prints_the_entries_of_the_rule_book(name: str) -> None:
    """rules: LED-12, LED-13"""
    example = EXAMPLES[name]

    printed = sorted(LINE.findall(SECTIONS[name]))

    assert printed == sorted(
        (row["side"], row["account"], row["owner"], row["currency"], row["amount"]) for row in example["entries"]
    )
    assert example["rule"] in FLOW.findall(SECTIONS[name])


def test_every_flow_that_the_core_posts_has_its_example() -> None:
    """rules: LED-12, LED-13"""
    sources = (path.read_text() for path in (SRC / "cbc_domain" / "ledger").glob("*.py"))
    posted = {flow for source in sources for flow in re.findall(r'"(LED-F\d+)"', source)}

    shown = {EXAMPLES[name]["rule"] for name in SECTIONS}
    assert posted - shown == set()
    listed = set(FLOW.findall((LEDGER / "index.md").read_text()))
    assert listed == posted
