"""The schema goes up, comes back down, and tells when it is not the one this program works with."""

import asyncio

import pytest
from sqlalchemy import text

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.schema import SchemaNewer, check, head, migrate, revert
from cbc_domain.kernel.errors import Unavailable


async def _execute(url: str, statement: str) -> None:
    engine = open_engine(url, pool_size=1)
    async with engine.begin() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def _tables(url: str) -> set[str]:
    engine = open_engine(url, pool_size=1)
    async with engine.connect() as connection:
        found = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = set(found)
    await engine.dispose()
    return tables


async def test_a_migrated_database_is_the_one_that_the_program_describes(empty_postgres_url: str) -> None:
    """rules: DAT-01, DAT-03"""
    await migrate(empty_postgres_url)

    assert await check(empty_postgres_url) == []


async def test_the_way_back_leaves_nothing_behind_and_can_be_gone_again(empty_postgres_url: str) -> None:
    """rules: DAT-01"""
    await migrate(empty_postgres_url)
    await revert(empty_postgres_url)

    assert await _tables(empty_postgres_url) <= {"alembic_version"}
    await migrate(empty_postgres_url)
    assert await check(empty_postgres_url) == []


async def test_each_revision_goes_back_alone(empty_postgres_url: str) -> None:
    """rules: DAT-01"""
    await migrate(empty_postgres_url)

    for number in reversed(range(1, int(head()))):
        await revert(empty_postgres_url, f"{number:04}")
    await migrate(empty_postgres_url)

    assert await check(empty_postgres_url) == []


async def test_several_programs_may_migrate_at_once(empty_postgres_url: str) -> None:
    """rules: DAT-01"""
    await asyncio.gather(*(migrate(empty_postgres_url) for _ in range(4)))

    assert await check(empty_postgres_url) == []


async def test_a_database_of_a_newer_program_is_refused_with_one_clear_error(postgres_url: str) -> None:
    """rules: DAT-01"""
    await _execute(postgres_url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaNewer, match=rf"at most revision {head()}, was 9999") as refused:
        await migrate(postgres_url)

    assert refused.value.code == "schema_newer"
    with pytest.raises(SchemaNewer):
        await check(postgres_url)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("ALTER TABLE members DROP COLUMN phone", "phone"),
        ("ALTER TABLE signals DROP CONSTRAINT ck_signals_status", "ck_signals_status"),
        ("DROP INDEX ix_exchange_accounts_one_active", "one_active"),
        ("DROP TRIGGER zero_sum ON entries", "zero_sum"),
        ("DROP TABLE pgqueuer_schedules", "job queue"),
    ],
)
async def test_what_differs_is_named(postgres_url: str, damage: str, named: str) -> None:
    """rules: DAT-03"""
    await _execute(postgres_url, damage)

    differences = await check(postgres_url)

    assert len(differences) >= 1
    assert named in " ".join(differences)


async def test_migrating_without_a_server_says_that_it_is_away() -> None:
    with pytest.raises(Unavailable) as away:
        await migrate("postgresql://nobody@127.0.0.1:1/nothing")

    assert away.value.code == "unavailable"
    assert "127.0.0.1" not in str(away.value)
