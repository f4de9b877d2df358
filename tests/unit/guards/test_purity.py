"""The domain is pure: attrs and the standard library, no float, nothing from outside."""

from pathlib import Path
from typing import Final

import pytest

import cbc_domain
from tests.unit.guards.purity import impurities

DOMAIN: Final = Path(cbc_domain.__file__).parent
MODULES: Final = sorted(path.relative_to(DOMAIN) for path in DOMAIN.rglob("*.py"))
ASYNCHRONOUS: Final = ("application", "ports")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_of_the_domain_is_pure(module: Path) -> None:
    """rules: ARC-01, GEN-02"""
    source = (DOMAIN / module).read_text("utf-8")

    assert impurities(source, may_wait=module.parts[0] in ASYNCHRONOUS) == []


@pytest.mark.parametrize(
    "source",
    [
        "rate = 0.1",
        "rate = 1e3",
        "rate = 2j",
        "rate = float('0.1')",
        "def double(rate: float) -> None: ...",
        "def spread() -> tuple[float, ...]: ...",
        "price = round(price, 2)",
        "print('hello')",
        "open('file')",
        "async def wait() -> None: ...",
        "import asyncio",
        "import time",
        "import os.path",
        "from random import choice",
        "from pathlib import Path",
        "import sqlalchemy",
        "from litestar.types import Scope",
        "from cbc_adapters.system.real import clock",
        "from typing import Any",
    ],
)
def test_an_impure_line_is_caught(source: str) -> None:
    assert len(impurities(source, may_wait=False)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from decimal import Decimal",
        "import attrs",
        "from cbc_domain.kernel.money import Money",
        "rate = Decimal('0.1')",
        "from zoneinfo import ZoneInfo",
        "class Line:\n    def open(self) -> None: ...\nLine().open()",
    ],
)
def test_a_pure_line_is_let_through(source: str) -> None:
    assert impurities(source, may_wait=False) == []


def test_use_cases_may_wait() -> None:
    assert impurities("async def place() -> None:\n    await venue.place()", may_wait=True) == []
