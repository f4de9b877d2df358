"""The running program has no right to change history, whatever its triggers say (LED-05)."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.privileges import APP_ROLE, Prepared, prepare_privileges
from cbc_adapters.persistence.postgres.schema import migrate
from cbc_adapters.persistence.postgres.tables.guards import HISTORY
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_domain.ledger.postings import manual_credit, recharge
from tests.promises.samples import NOW, Samples, brl, committed


@pytest.fixture
async def app(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine as the program opens it."""
    assert await migrate(postgres_url) is Prepared.ACTS
    engine = open_engine(postgres_url, pool_size=2, role=APP_ROLE)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET {}", "TRUNCATE {} CASCADE"])
async def test_history_cannot_be_changed_by_the_role_of_the_program(app: AsyncEngine, table: str, change: str) -> None:
    """rules: LED-05"""
    column = {"seals": "seq = 1", "entries": "amount = 1", "key_audit": "times = 1", "account_transfers": "amount = 1"}.get(
        table, "journal = journal"
    )
    statement = change.format(table, "key = 'x'" if table == "journals" else column)

    async with app.connect() as connection:
        with pytest.raises(ProgrammingError, match="permission denied") as refused:
            await connection.execute(text(statement))

    assert getattr(refused.value.orig, "sqlstate", None) == "42501"


async def test_the_role_posts_seals_and_proves(app: AsyncEngine) -> None:
    """rules: LED-05"""
    samples, store = Samples(), PostgresStore(app, SystemIdentities())
    member = await samples.joined(store)

    async with committed(store) as work:
        credit = manual_credit("r-1", samples.lot(member, brl("5.00")), NOW, "admin")
        await work.books.post([recharge("pi_1", member.id, brl("1.00"), NOW), credit], NOW)
        assert await work.books.seal(10) == 2
        found = await work.books.prove()
        await work.books.keep_proof(found, NOW)

    assert found.holds, found


async def _user(url: str, name: str, *grants: str) -> str:
    """The URL for a new user of the server."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    for statement in (
        f"DROP ROLE IF EXISTS {name}",
        f"CREATE ROLE {name} LOGIN",
        *(f"GRANT {one} TO {name}" for one in grants),
    ):
        await connection.execute(statement)
    await connection.close()
    return url.replace("//coinbitclub@", f"//{name}@")


async def test_a_user_who_only_runs_the_program_finds_nothing_to_migrate(postgres_url: str) -> None:
    """rules: LED-05"""
    await migrate(postgres_url)
    runner = await _user(postgres_url, "runner", APP_ROLE)

    assert await migrate(runner) is Prepared.NOT_OWNER
    engine = open_engine(runner, pool_size=1)
    async with engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await connection.execute(text("DELETE FROM entries"))
    await engine.dispose()


async def test_an_owner_who_may_not_act_as_the_role_is_told(empty_postgres_url: str) -> None:
    """rules: LED-05"""
    owner = await _user(empty_postgres_url, "landlord", "CREATE ON SCHEMA public")

    assert await migrate(owner) is Prepared.GRANTED


async def test_where_roles_cannot_be_created_that_is_said(empty_postgres_url: str) -> None:
    """rules: LED-05"""
    owner = await _user(empty_postgres_url, "tenant", "CREATE ON SCHEMA public")
    await migrate(owner)
    engine = open_engine(owner, pool_size=1)

    async with engine.connect() as connection:
        assert await prepare_privileges(connection, "somebody_else") is Prepared.NOT_CREATED

    await engine.dispose()
