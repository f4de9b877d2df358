"""Ruff, mypy and pytest, set up as in pyproject.toml, catch what they are there for."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
BIN: Final = Path(sys.executable).parent
CONFIGURATION: Final = str(ROOT / "pyproject.toml")


def run(program: str, *arguments: str, at: Path = ROOT, source: str = "") -> tuple[int, str]:
    """Give the exit code and everything said."""
    command = [str(BIN / program), *arguments]
    result = subprocess.run(command, check=False, input=source, capture_output=True, text=True, cwd=at)
    return result.returncode, result.stdout + result.stderr


def ruff(source: str, path: str) -> str:
    return run("ruff", "check", "--no-cache", "--stdin-filename", str(ROOT / path), "-", source=source)[1]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("from datetime import datetime\n\nNOW = datetime.now()", "TID251"),
        ("from datetime import datetime\n\nNOW = datetime.utcnow()", "TID251"),
        ("import time\n\nNOW = time.time()", "TID251"),
        ("from uuid import uuid4\n\nID = uuid4()", "TID251"),
        ("import random\n\nLOT = random.random()", "TID251"),
        ("import uvloop\n\nRUN = uvloop.run", "TID251"),
        ("from random import choice\n\nLOT = choice([1])", "TID251"),
        ("from .kernel import money\n\nMONEY = money", "TID252"),
        ("def double(rate): return rate", "ANN001"),
        ("from typing import Any\n\n\ndef take(row: Any) -> None: ...", "ANN401"),
        ("print('hello')", "T201"),
        ("def Settle() -> None: ...", "N802"),
        ("def settle(into: list[str] = []) -> None: ...", "B006"),
        ("# price = 5\nPRICE = 5", "ERA001"),
    ],
)
def test_a_banned_line_is_caught(source: str, code: str) -> None:
    assert f"{code} " in ruff(f'"""A module."""\n\n{source}\n', "src/cbc_domain/trading/model.py")


def test_a_module_must_say_what_it_is() -> None:
    assert "D100 " in ruff("PRICE = 1\n", "src/cbc_domain/trading/new.py")


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)",
        "import random\n\nLOT = random.random()",
    ],
)
def test_the_system_adapter_may_read_the_clock_and_draw(source: str) -> None:
    assert "TID251" not in ruff(source, "src/cbc_adapters/system/real/clock.py")


def test_mypy_is_strict_and_wants_every_case_of_a_match(tmp_path: Path) -> None:
    (tmp_path / "loose.py").write_text(
        '"""A module."""\n'
        "import enum\n"
        "class Side(enum.Enum):\n    LONG = 1\n    SHORT = 2\n"
        "def sign(side: Side) -> int:\n    match side:\n        case Side.LONG:\n            return 1\n    return 0\n"
        "def untyped(side): return side\n"
        "def bare(sides: list) -> None: ...\n"
    )

    _, said = run("mypy", "--config-file", CONFIGURATION, "loose.py", at=tmp_path)

    assert all(code in said for code in ("[exhaustive-match]", "[no-untyped-def]", "[type-arg]"))


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("import warnings\n\n\ndef test_it() -> None:\n    warnings.warn('old')", "UserWarning: old"),
        ("import pytest\n\n\n@pytest.mark.slwo\ndef test_it() -> None: ...", "slwo"),
    ],
)
def test_a_warning_or_an_unknown_mark_fails_a_test(source: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(source)

    code, said = run("pytest", "-p", "no:cacheprovider", "-c", CONFIGURATION, str(tmp_path), at=tmp_path)

    assert code != 0
    assert word in said


def test_a_unit_test_cannot_open_a_connection() -> None:

    with socket.socket() as line, pytest.raises(AssertionError, match="without a socket"):
        line.connect(("127.0.0.1", 1))
