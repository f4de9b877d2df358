"""The house has the rooms that the rule book names, its doors speak the language of the business, and it is English."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cbc_domain.market.model import Direction
from cbc_domain.signals.kinds import EXACT_TEXTS
from tests.documents.source import ROOT, SRC, modules, tree_of

DOMAIN: Final = SRC / "cbc_domain"
ADAPTERS: Final = SRC / "cbc_adapters"

HOMES: Final = {
    "Affiliate Manager": ("affiliates",),
    "Commission Manager": ("commissions",),
    "Financial Manager": ("ledger", "plans", "application/money"),
    "Order Executor": ("trading", "ports/exchange.py"),
    "Order Manager": ("trading", "risk"),
    "Signal Ingestor": ("signals",),
    "User Config Manager": ("risk", "plans"),
    "FG Index Manager": ("market",),
    "Authentication": ("identity",),
}
"""Where the modules of ARC-03 live; payments, coupons, withdrawals and advice get a home with their first rule."""

VENDORS: Final = (
    *("alembic", "anthropic", "apprise", "asyncpg", "ccxt", "cattrs", "litestar", "llama", "openai", "pgqueuer", "postgres"),
    *("redis", "sqlalchemy", "stripe", "tradingview", "uvicorn", "valkey"),
    *("binance", "bitget", "bybit", "okx"),
)
TECHNOLOGIES: Final = ("memory", "simulated", "stepped", "standard", "log", "real")
"""Adapters that need nothing outside the process."""
OWN: Final = DOMAIN / "application/people/use_keys.py"
"""What whoever runs without workers asks instead of them (KEY-08)."""

PORTUGUESE: Final = re.compile(r"[áàâãéêíóôõúçÁÀÂÃÉÊÍÓÔÕÚÇ]")
NAMES: Final = re.compile("São|NÃO|POSIÇÕES|CONFIRMAÇÃO")
"""A city, and words of alerts as strategies write them."""


def protocols() -> Iterator[tuple[str, type]]:
    for path in modules(DOMAIN / "ports"):
        module = importlib.import_module(path.relative_to(SRC).with_suffix("").as_posix().replace("/", "."))
        for name, found in vars(module).items():
            if isinstance(found, type) and found.__module__ == module.__name__ and getattr(found, "_is_protocol", False):
                yield name, found


def adapters() -> Iterator[type]:
    inside = [path for path in modules(ADAPTERS) if path.parent.name in TECHNOLOGIES and path.name != "__init__.py"]
    for path in [*inside, OWN]:
        module = importlib.import_module(path.relative_to(SRC).with_suffix("").as_posix().replace("/", "."))
        yield from (one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__)


def members_of(protocol: type) -> set[str]:
    methods = {name for name, _ in inspect.getmembers(protocol, inspect.isfunction)}
    return {name for name in methods | set(vars(protocol).get("__annotations__", {})) if name == "__call__" or name[0] != "_"}


def offers(adapter: type, wanted: set[str]) -> bool:
    offered = set(dir(adapter)) | set(getattr(adapter, "__annotations__", {})) | _assigned(adapter)
    return wanted <= offered


def _assigned(adapter: type) -> set[str]:
    """What `__init__` gives an instance."""
    try:
        tree = ast.parse(inspect.cleandoc(inspect.getsource(adapter)))
    except (OSError, SyntaxError):
        return set()
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    }


@pytest.mark.parametrize("service", HOMES)
def test_every_service_of_the_book_is_a_module_of_the_one_domain(service: str) -> None:
    """rules: ARC-03"""
    assert [home for home in HOMES[service] if not (DOMAIN / home).exists()] == []


def test_there_is_one_distribution_and_one_description_of_one_database() -> None:
    """rules: ARC-03"""
    described = [path for path in modules(SRC) if re.search(r"\bMetaData\(", path.read_text())]

    assert len(list(ROOT.glob("pyproject.toml"))) == 1
    assert [path.relative_to(SRC).as_posix() for path in described] == ["cbc_adapters/persistence/postgres/tables/metadata.py"]


def test_only_the_financial_manager_writes_the_ledger() -> None:
    """rules: ARC-03, LED-08"""
    writers = [path for path in modules(DOMAIN / "application") if ".books.post(" in path.read_text()]

    assert writers
    assert {path.parent.name for path in writers} == {"money"}


@pytest.mark.parametrize("path", modules(DOMAIN / "ports"), ids=lambda path: path.relative_to(DOMAIN).as_posix())
def test_a_port_names_no_vendor(path: Path) -> None:
    """rules: ARC-02"""
    words = set(re.findall(r"[a-z]+", path.read_text().lower()))

    assert sorted(words & set(VENDORS)) == []


@pytest.mark.parametrize(("name", "protocol"), list(protocols()))
def test_every_port_has_an_adapter_that_needs_nothing_outside(name: str, protocol: type) -> None:
    """rules: ARC-02"""
    wanted = members_of(protocol)

    assert wanted, name
    assert [adapter.__name__ for adapter in adapters() if offers(adapter, wanted)] != []


@pytest.mark.parametrize("path", modules(SRC), ids=lambda path: path.relative_to(SRC).as_posix())
def test_names_comments_and_texts_of_the_source_are_english(path: Path) -> None:
    """rules: GEN-01"""
    names = {node.id for node in ast.walk(tree_of(path)) if isinstance(node, ast.Name)}

    assert [name for name in names if not name.isascii()] == []
    assert PORTUGUESE.findall(NAMES.sub("", path.read_text())) == []


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_the_documents_are_english(path: Path) -> None:
    """rules: GEN-01"""
    outside_code = re.sub(r"`[^`]*`", "", path.read_text())

    assert PORTUGUESE.findall(NAMES.sub("", outside_code)) == []


def test_wire_names_keep_their_language() -> None:
    """rules: GEN-01"""
    assert {"SINAL LONG FORTE", "FECHE TODAS AS POSICOES", "CONFIRMACAO LONG"} <= set(EXACT_TEXTS)
    assert {direction.value for direction in Direction} == {"SOMENTE_LONG", "SOMENTE_SHORT", "LONG_E_SHORT", "NENHUMA"}
