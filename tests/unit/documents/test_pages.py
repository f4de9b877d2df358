"""The documentation says what the source says, and its examples run."""

import doctest
import re
from pathlib import Path
from typing import Final

import pytest

from cbc_entrypoints.cli.main import COMMANDS
from tests.documents.pages import PAGES, REFERENCE
from tests.documents.source import ROOT, SRC, rules

DOCS: Final = ROOT / "docs"
RUNNABLE: Final = ("README.md", "docs/receipts.md", "docs/ledger/story.md", "docs/ledger/flows.md", "docs/ledger/worked.md")
HOMES: Final = (SRC, SRC / "cbc_domain", ROOT, DOCS)
IN_TICKS: Final = re.compile(r"`([^`\s]+)`")
LINK: Final = re.compile(r"\]\((?!\w+:|#)([^)#]+)")


def pages() -> list[Path]:
    return sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)


@pytest.mark.parametrize("name", [name for name in PAGES if name != "rules.md"])
def test_a_generated_page_is_what_the_source_says_now(name: str) -> None:
    assert (REFERENCE / name).read_text() == PAGES[name](), "run `python -m tests.documents`"


def test_every_test_that_the_page_of_rules_names_is_there() -> None:
    # Not compared word for word: it would fail with every new test until it is written anew.
    rows = [row.split(" | ") for row in (REFERENCE / "rules.md").read_text().splitlines() if row.startswith("| ")]
    told = [(row[0].removeprefix("| "), IN_TICKS.findall(row[1])) for row in rows if "`" in row[1]]

    known = rules()
    assert [rule for rule, files in told if not set(files) <= known.get(rule, set())] == []
    assert told


@pytest.mark.parametrize("page", RUNNABLE)
def test_the_examples_of_a_page_run_and_print_what_it_says(page: str) -> None:
    failed, tried = doctest.testfile(str(ROOT / page), module_relative=False)

    assert (failed, tried > 0) == (0, True)


@pytest.mark.parametrize("page", ["docs/index.md", "docs/flows/signal.md", "docs/flows/money.md"])
def test_every_file_that_a_page_names_exists(page: str) -> None:
    named = [one for one in IN_TICKS.findall((ROOT / page).read_text()) if "/" in one and re.search(r"\.(py|md)$|/$", one)]

    missing = [one for one in named if not any((home / one).exists() for home in HOMES)]
    assert missing == []
    assert named


@pytest.mark.parametrize("page", [ROOT / "README.md", *pages()], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_names_every_context_port_and_command() -> None:
    readme = (ROOT / "README.md").read_text()
    contexts = [folder.parent.name for folder in (SRC / "cbc_domain").glob("*/__init__.py")]
    ports = {folder.parent.parent.name for folder in (SRC / "cbc_adapters").glob("*/*/__init__.py")}

    wanted = [*contexts, *ports, *(f"cbc {command}" for command in COMMANDS)]
    assert [one for one in wanted if f"`{one}`" not in readme] == []


def test_every_page_can_be_reached_from_the_first() -> None:
    trees = "\n".join(path.read_text() for path in pages())

    lost = [path for path in pages() if path.name != "index.md" and path.stem not in trees and not path.stem[0].isdigit()]
    assert lost == []
