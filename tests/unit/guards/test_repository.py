"""What stands at the root of the repository keeps its promises to a stranger."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
LOCKS: Final = ("all", "dev")
PIN: Final = re.compile(r"^(?P<name>[a-z0-9-]+)==\S+", re.MULTILINE)


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, ROOT / "dev", *arguments], check=False, capture_output=True, text=True)


def pinned(lock: str) -> set[str]:
    return set(PIN.findall((ROOT / "requirements" / f"{lock}.txt").read_text()))


def test_dev_alone_explains_every_verb_in_a_line_each() -> None:
    result = dev()

    explained = re.findall(r"^  ([a-z]+) +\S", result.stdout, re.MULTILINE)
    assert result.returncode == 0
    assert explained == ["demo", "serve", "test", "lint", "types", "unit", "integration", "bench", "chaos", "docs", "shell"]


def test_dev_refuses_a_verb_that_it_does_not_know_in_one_line() -> None:
    result = dev("dance")

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_has_a_hash_for_each_package(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()

    requirements = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert re.findall(r"\w+://|^--", text, re.MULTILINE) == []
    assert [each for each in requirements if "--hash=sha256:" not in each] == []


def test_the_lock_of_the_tools_contains_the_lock_of_the_product() -> None:
    assert pinned("all") - pinned("dev") == set()


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[^a-z0-9-]", each)[0] for group in groups for each in group}

    assert names - {project["name"]} - pinned("all") == set()


def test_the_library_alone_depends_on_attrs_alone() -> None:
    """rules: ARC-01"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert [re.split(r"[^a-z0-9-]", each)[0] for each in project["dependencies"]] == ["attrs"]


def test_every_file_that_the_index_of_the_documentation_names_is_there() -> None:
    rows = re.findall(r"^\|.+\| `([^`]+)`.*\|$", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE)

    files = [path for path in rows if path.startswith("cbc_")]
    assert files
    assert [path for path in files if not (ROOT / "src" / path).exists()] == []
