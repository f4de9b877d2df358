"""The import contracts of pyproject.toml catch each thing they are there for."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

PYPROJECT: Final = Path(__file__).parents[3] / "pyproject.toml"

LAWFUL: Final = {
    "cbc_domain/kernel/money.py": "import attrs, decimal",
    "cbc_domain/identity/model.py": "import cbc_domain.kernel.money",
    "cbc_domain/ledger/model.py": "import cbc_domain.kernel.money",
    "cbc_domain/affiliates/model.py": "import cbc_domain.identity.model",
    "cbc_domain/plans/model.py": "import cbc_domain.identity.model",
    "cbc_domain/market/model.py": "import cbc_domain.kernel.money",
    "cbc_domain/risk/model.py": "import cbc_domain.plans.model",
    "cbc_domain/signals/model.py": "import cbc_domain.market.model",
    "cbc_domain/commissions/model.py": "import cbc_domain.ledger.model, cbc_domain.plans.model",
    "cbc_domain/trading/model.py": "import cbc_domain.risk.model, cbc_domain.signals.model",
    "cbc_domain/ports/books.py": "import cbc_domain.ledger.model",
    "cbc_domain/application/settle.py": "import cbc_domain.ports.books, cbc_domain.commissions.model",
    "cbc_adapters/persistence/postgres/books.py": "import alembic, asyncpg, pgqueuer, sqlalchemy, cbc_domain.ports.books",
    "cbc_adapters/persistence/memory/books.py": "import cbc_domain.ports.books",
    "cbc_adapters/bus/redis/wake_ups.py": "import redis",
    "cbc_adapters/security/standard/tokens.py": "import argon2, cryptography, jwt",
    "cbc_adapters/exchange/ccxt/clients.py": "import ccxt, aiohttp",
    "cbc_adapters/exchange/simulated/server.py": "import aiohttp, trustme",
    "cbc_adapters/system/real/clock.py": "import time, random, os, asyncio, logging, secrets, socket, threading, subprocess",
    "cbc_entrypoints/containers.py": "import dependency_injector.providers, cbc_adapters.persistence.postgres.books",
    "cbc_entrypoints/http/bridge.py": "import dependency_injector, litestar, uvicorn, cbc_entrypoints.containers",
}
"""A house in miniature in which everything is where it belongs."""

UNLAWFUL: Final = (
    ("cbc_domain/kernel/bad_1.py", "cbc_adapters.system.real.clock", "packages"),
    ("cbc_adapters/persistence/memory/bad_2.py", "cbc_entrypoints.containers", "packages"),
    ("cbc_domain/kernel/bad_3.py", "cbc_domain.ledger.model", "contexts"),
    ("cbc_domain/ledger/bad_4.py", "cbc_domain.identity.model", "contexts"),
    ("cbc_domain/risk/bad_5.py", "cbc_domain.signals.model", "contexts"),
    ("cbc_domain/market/bad_6.py", "cbc_domain.plans.model", "contexts"),
    ("cbc_domain/commissions/bad_7.py", "cbc_domain.trading.model", "contexts"),
    ("cbc_domain/trading/bad_8.py", "cbc_domain.ports.books", "contexts"),
    ("cbc_domain/ports/bad_9.py", "cbc_domain.application.settle", "contexts"),
    ("cbc_domain/kernel/bad_10.py", "time", "pure-domain"),
    ("cbc_domain/plans/bad_11.py", "random", "pure-domain"),
    ("cbc_domain/trading/bad_12.py", "logging", "pure-domain"),
    ("cbc_domain/signals/bad_13.py", "os", "pure-domain"),
    ("cbc_domain/ports/bad_14.py", "socket", "pure-domain"),
    ("cbc_domain/application/bad_31.py", "asyncio", "pure-domain"),
    ("cbc_adapters/persistence/memory/bad_15.py", "cbc_adapters.persistence.postgres.books", "adapters-apart"),
    ("cbc_adapters/bus/redis/bad_16.py", "cbc_adapters.system.real.clock", "adapters-apart"),
    ("cbc_adapters/persistence/postgres/bad_17.py", "cbc_domain.application.settle", "adapters-below-use-cases"),
    ("cbc_entrypoints/http/bad_18.py", "cbc_adapters.persistence.postgres.books", "http-without-adapters"),
    ("cbc_entrypoints/http/bad_19.py", "sqlalchemy", "database-libraries"),
    ("cbc_adapters/persistence/memory/bad_20.py", "asyncpg", "database-libraries"),
    ("cbc_domain/application/bad_21.py", "alembic", "database-libraries"),
    ("cbc_entrypoints/bad_22.py", "pgqueuer", "database-libraries"),
    ("cbc_entrypoints/bad_23.py", "redis", "redis-library"),
    ("cbc_entrypoints/http/bad_24.py", "jwt", "security-libraries"),
    ("cbc_adapters/persistence/postgres/bad_25.py", "cryptography", "security-libraries"),
    ("cbc_domain/identity/bad_26.py", "argon2", "security-libraries"),
    ("cbc_entrypoints/bad_27.py", "dependency_injector", "injector"),
    ("cbc_entrypoints/http/bad_28.py", "dependency_injector", "injector"),
    ("cbc_entrypoints/bad_29.py", "litestar", "web-framework"),
    ("cbc_adapters/bus/redis/bad_30.py", "uvicorn", "web-framework"),
    ("cbc_adapters/exchange/simulated/bad_32.py", "ccxt", "venue-library"),
    ("cbc_domain/trading/bad_33.py", "ccxt", "venue-library"),
    ("cbc_entrypoints/http/bad_34.py", "aiohttp", "venue-connections"),
    ("cbc_adapters/exchange/routed/bad_35.py", "aiohttp", "venue-connections"),
    ("cbc_adapters/exchange/ccxt/bad_36.py", "trustme", "venue-certificates"),
    ("cbc_entrypoints/bad_37.py", "trustme", "venue-certificates"),
)
"""A module in the wrong place, what it imports, and the contract that this breaks."""


def build(root: Path, modules: Mapping[str, str]) -> None:
    for path, source in modules.items():
        module = root / path
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(source)
    for package in {folder for path in modules for folder in Path(path).parents if folder.name}:
        (root / package / "__init__.py").touch()
    shutil.copy(PYPROJECT, root)


def check(root: Path, *contracts: str) -> tuple[int, str]:
    only = [part for contract in contracts for part in ("--contract", contract)]
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", *only],
        check=False,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "300"},
    )
    return result.returncode, result.stdout + result.stderr


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What each contract says about the house with every unlawful module in it, by the contract's id."""
    root = tmp_path_factory.mktemp("unlawful")
    build(root, LAWFUL | {path: f"import {imported}" for path, imported, _ in UNLAWFUL})
    contracts = tomllib.loads(PYPROJECT.read_text())["tool"]["importlinter"]["contracts"]
    ids = {each["name"]: each["id"] for each in contracts}
    heading = rf"\n({'|'.join(map(re.escape, ids))})\n-+\n"
    _, *parts = re.split(heading, check(root)[1])
    return {ids[name]: text for name, text in zip(parts[::2], parts[1::2], strict=True)}


@pytest.mark.parametrize(("path", "imported", "contract"), UNLAWFUL, ids=str)
def test_an_import_in_the_wrong_place_is_caught(path: str, imported: str, contract: str, found: Mapping[str, str]) -> None:
    """rules: ARC-01"""
    module = path.removesuffix(".py").replace("/", ".")
    named = imported if imported.startswith("cbc_") else imported.partition(".")[0]

    assert f"{module} -> {named} (l.1)" in found[contract]


def test_a_lawful_house_keeps_every_contract(tmp_path: Path) -> None:
    build(tmp_path, LAWFUL)

    code, said = check(tmp_path)

    assert (code, "0 broken" in said) == (0, True)


def test_a_context_that_no_layer_names_is_caught(tmp_path: Path) -> None:
    build(tmp_path, LAWFUL | {"cbc_domain/lottery/model.py": ""})

    code, said = check(tmp_path, "contexts")

    assert code == 1
    assert "lottery" in said


def test_two_siblings_that_import_each_other_are_caught(tmp_path: Path) -> None:
    around = {
        "cbc_adapters/exchange/simulated/fills.py": "import cbc_adapters.exchange.simulated.orders",
        "cbc_adapters/exchange/simulated/orders.py": "import cbc_adapters.exchange.simulated.fills",
    }
    build(tmp_path, LAWFUL | around)

    assert check(tmp_path, "no-cycles")[0] == 1
