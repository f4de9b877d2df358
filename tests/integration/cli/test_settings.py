"""What the environment may say, and how plainly it is told what it may not."""

import base64
from pathlib import Path
from typing import Final

import pytest

from cbc_entrypoints.variables import VARIABLES
from tests.integration.cli.conftest import Here
from tests.integration.cli.program import cbc, columns

GOOD_SECRET: Final = "Zx8-4hQ_1mVpL0sWc7Tn2bRd6yKf3gJa"
GOOD_KEY: Final = "k1:" + base64.b64encode(bytes(range(32))).decode()
PRODUCTION: Final = {"CBC_ENV": "production", "CBC_SECRET_KEY": GOOD_SECRET, "CBC_MASTER_KEYS": GOOD_KEY}

BAD: Final = [
    {"CBC_ENV": "staging"},
    {"CBC_LIVE_TRADING": "yes"},
    {"CBC_LOG_FORMAT": "xml"},
    {"CBC_LOG_LEVEL": "loud"},
    {"CBC_EXCHANGE_GATEWAY": "10.0.0.1"},
    {"CBC_EXCHANGE_PROXIES": "http://10.0.0.1:3128"},
    {"CBC_EXCHANGE_PROXIES": "paper=http://10.0.0.1:3128"},
    {"CBC_EXCHANGE_PROXIES": "okx=http://club:hunter2@10.0.0.1"},
    {"CBC_EXCHANGE_PROXIES": "okx=http://10.0.0.1:3128,okx=http://10.0.0.2:3128"},
    {"CBC_OUTGOING_ADDRESSES": "203.0.113.7, not-an-address"},
    {"CBC_DATABASE_URL": "sqlite:///club.db"},
    {"CBC_MASTER_KEYS": "k1:short"},
    {"CBC_MASTER_KEYS": f"k1:{base64.b64encode(bytes(32)).decode()}"},
]
WEAK_IN_PRODUCTION: Final = [
    {"CBC_SECRET_KEY": ""},
    {"CBC_SECRET_KEY": "short"},
    {"CBC_SECRET_KEY": "a" * 64},
    {"CBC_MASTER_KEYS": ""},
    {"CBC_MASTER_KEYS": "k1:AAAA"},
]


@pytest.mark.parametrize("setting", BAD, ids="-".join)
def test_a_setting_that_cannot_be_is_named_and_its_secret_is_not_shown(here: Here, setting: dict[str, str]) -> None:
    ((name, value),) = setting.items()

    refused = here("check", **setting)

    assert (refused.code, refused.in_one_line) == (2, True)
    assert refused.err.startswith(f"cbc: {name}: expected ")
    assert name not in {one.name for one in VARIABLES if one.secret} or value not in refused.err


@pytest.mark.parametrize("weak", WEAK_IN_PRODUCTION, ids="-".join)
def test_production_refuses_weak_and_missing_secrets(data: Path, here: Here, weak: dict[str, str]) -> None:
    """rules: SEC-01"""
    refused = here("serve", "--port", "0", **{**PRODUCTION, **weak})

    assert (refused.code, refused.in_one_line) == (2, True)
    assert next(iter(weak)) in refused.err
    assert not data.exists()


def test_check_lists_every_setting_and_masks_secrets(data: Path, postgres_url: str) -> None:
    """rules: OPS-06"""
    checked = cbc(data, "check", CBC_DATABASE_URL=postgres_url, CBC_LOG_LEVEL="error", **PRODUCTION)

    assert checked.code == 0, checked.err
    assert {one.name for one in VARIABLES} <= set(columns(checked.out))
    assert columns(checked.out)["CBC_LOG_LEVEL"] == ["error", "set"]
    assert columns(checked.out)["database"] == ["ok"]
    assert not any(secret in checked.out for secret in (GOOD_SECRET, GOOD_KEY, postgres_url))


def test_check_says_what_to_do_about_a_database_that_does_not_answer(data: Path) -> None:
    url = "postgresql+asyncpg://club:hunter2@127.0.0.1:1/club"

    checked = cbc(data, "check", CBC_DATABASE_URL=url)

    assert checked.code == 3
    assert "is the server of CBC_DATABASE_URL" in checked.out
    assert "hunter2" not in checked.out + checked.err


def test_a_database_that_does_not_answer_ends_a_command_in_one_line(data: Path) -> None:
    ended = cbc(data, "ledger", "proof", CBC_DATABASE_URL="postgresql+asyncpg://club:hunter2@127.0.0.1:1/club")

    assert (ended.code, ended.in_one_line) == (3, True)
    assert "hunter2" not in ended.err
