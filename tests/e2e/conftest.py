"""A house of its own for each test, and how a failure looks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cbc_domain.identity.model import Role
from tests.e2e.gate import Gate, open_gate
from tests.e2e.house import House, SignedIn, open_house


@pytest.fixture
async def house(emptied_postgres_url: str) -> AsyncIterator[House]:
    async with open_house(emptied_postgres_url) as house:
        yield house


@pytest.fixture
async def admin(house: House) -> SignedIn:
    return await house.join(Role.ADMIN)


@pytest.fixture
async def member(house: House) -> SignedIn:
    return await house.join()


@pytest.fixture
async def gate(postgres_url: str, tmp_path: Path) -> AsyncIterator[Gate]:
    async with open_gate(postgres_url, tmp_path) as gate:
        yield gate
