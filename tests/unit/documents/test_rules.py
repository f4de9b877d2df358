"""No rule of a finished section is without a test, and what is planned says so."""

import re
from typing import Final

import pytest

from tests.documents.pages import rules as page_of_rules
from tests.documents.proved import PARTLY, PLANNED, Section, book_sections, loaded_tables, named_rules, sections
from tests.documents.source import ROOT
from tests.rulebook import cases, table, table_names

SECTIONS: Final = sections()
BOOK: Final = ROOT.parent / "shared" / "rulebook.md"
RULES: Final = frozenset(rule for section in SECTIONS for rule in section.rules)
BEYOND: Final = frozenset(rule for section in SECTIONS for rule in section.beyond)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_rule_of_a_finished_section_is_named_by_a_test_or_planned(section: Section) -> None:
    """rules: GEN-17, GEN-19"""
    assert section.unproved(named_rules()) == [], "a rule has neither a test that names it nor a reason to wait"


def test_a_rule_that_no_test_names_is_found() -> None:
    """rules: GEN-19"""
    section = Section("COM", ("COM-01", "COM-02", "COM-03"), frozenset({"COM-03"}))

    assert section.unproved({"COM-02"}) == ["COM-01"]
    assert section.proved({"COM-02"}) == ["COM-02"]
    assert section.planned({"COM-02"}) == ["COM-03"]


def test_what_waits_has_a_reason_and_no_test_and_what_is_begun_has_both() -> None:
    """rules: GEN-19"""
    named = named_rules()

    assert set(PLANNED) <= RULES - BEYOND
    assert sorted(rule for rule in PLANNED if rule in named) == []
    assert set(PARTLY) <= RULES
    assert sorted(rule for rule in PARTLY if rule not in named) == []
    assert all(len(reason) > 20 for reason in (*PLANNED.values(), *PARTLY.values()))


@pytest.mark.skipif(not BOOK.exists(), reason="the rule book is not beside this checkout")
def test_the_list_of_rules_agrees_with_the_book() -> None:
    """rules: GEN-19"""
    assert list(book_sections(BOOK.read_text(), [section.name for section in SECTIONS])) == SECTIONS


def test_the_book_is_read_as_it_is_written() -> None:
    text = "- **COM-01** First. [table]\n- **COM-02** Second. (beyond)\n- **FX-01** Other.\n| LED-F01 | a flow |\n"

    assert list(book_sections(text, ["COM"])) == [Section("COM", ("COM-01", "COM-02"), frozenset({"COM-02"}))]


def test_the_page_counts_every_section_and_names_what_waits() -> None:
    """rules: GEN-19"""
    page, named = page_of_rules(), named_rules()

    for section in SECTIONS:
        counts = (len(section.rules), len(section.proved(named)), len(section.planned(named)))
        assert f"| {section.name} | {' | '.join(map(str, counts))} |" in page
    waiting = [rule for section in SECTIONS for rule in section.planned(named)]
    assert [rule for rule in (*waiting, *PARTLY) if not re.search(rf"^\| {rule} \|", page, re.MULTILINE)] == []


def test_every_decision_table_of_a_finished_section_is_run() -> None:
    """rules: GEN-17, GEN-19"""
    tables = {
        name
        for name in table_names()
        if isinstance(rows := table(name), list)
        and any(isinstance(row, dict) and str(row.get("rule", "")) in RULES for row in rows)
    }

    assert sorted(tables - loaded_tables()) == []


def test_no_row_of_a_table_of_cases_is_left_out() -> None:
    """rules: GEN-19"""
    for name in table_names():
        if isinstance(table(name), list):
            assert len(cases(name)) == len(table(name)), name
