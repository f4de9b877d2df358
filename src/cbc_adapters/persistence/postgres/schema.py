"""Bring a database to the schema of this program, back again, or compare the two (DAT-01)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pgqueuer.queries import Queries
from sqlalchemy import CheckConstraint, Connection, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.engine import away, open_engine
from cbc_adapters.persistence.postgres.privileges import Prepared, prepare_privileges
from cbc_adapters.persistence.postgres.tables import METADATA
from cbc_adapters.persistence.postgres.tables.guards import HISTORY
from cbc_domain.kernel.errors import DomainError

_LOCK: Final = text("SELECT pg_advisory_lock(hashtext('coinbitclub.schema'))")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(hashtext('coinbitclub.schema'))")

_TRIGGERS: Final = text("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal")


class SchemaNewer(DomainError):
    """The database was migrated by a newer program than this one; code `schema_newer`."""


def head() -> str:
    """The revision that this program works with."""
    return str(_scripts().get_current_head())


async def migrate(url: str) -> Prepared:
    """Bring the schema to `head`, with the tables of the job queue; of several at once one works and the others wait.

    Then grant the role of the running program what it needs; says what became of that (LED-05).
    Running it again changes nothing. Raises SchemaNewer, Unavailable.
    """
    async with _alone(url) as connection:
        await connection.run_sync(_upgrade)
        await connection.commit()
        await _install_queue(connection)
        return await prepare_privileges(connection)


async def revert(url: str, revision: str = "base") -> None:
    """Go back to an earlier revision; `base` removes every table, those of the job queue too."""
    async with _alone(url) as connection:
        await connection.run_sync(_downgrade, revision)
        await connection.commit()
        if revision == "base":
            await (await _queue(connection)).uninstall()


async def check(url: str) -> Sequence[str]:
    """Say where the database differs from the tables of this program; empty when it does not. Raises SchemaNewer."""
    async with _alone(url) as connection:
        differences = await connection.run_sync(_differences)
        await connection.rollback()
        plan = await (await _queue(connection)).plan_upgrade()
    return [*differences, *(f"job queue: {statement}" for statement in plan.statements)]


@asynccontextmanager
async def _alone(url: str) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            await connection.execute(_LOCK)
            await connection.commit()
            yield connection
            await connection.execute(_UNLOCK)
            await connection.commit()
    except OSError as fault:
        raise away(fault) from fault
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    _refuse_newer(connection)
    command.upgrade(_config(connection), "head")


def _downgrade(connection: Connection, revision: str) -> None:
    _refuse_newer(connection)
    command.downgrade(_config(connection), revision)


def _refuse_newer(connection: Connection) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise SchemaNewer("schema_newer", f"expected a database of at most revision {head()}, was {revision}")


def _differences(connection: Connection) -> list[str]:
    _refuse_newer(connection)
    options = {"compare_server_default": True, "include_name": _is_ours}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    return [*(str(difference) for difference in found), *_missing_checks(connection), *_missing_guards(connection)]


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or not str(name).startswith("pgqueuer")


def _missing_checks(connection: Connection) -> list[str]:
    # What alembic does not compare.
    inspector = inspect(connection)
    found = {check["name"] for table in inspector.get_multi_check_constraints().values() for check in table}
    wanted = {name for table in METADATA.tables.values() for name in _check_names(table)}
    return [f"check constraint {name} is missing" for name in sorted(wanted - found)]


def _check_names(table: Table) -> Iterator[str]:
    of_columns = (constraint for column in table.columns for constraint in column.constraints)
    for constraint in (*table.constraints, *of_columns):
        if isinstance(constraint, CheckConstraint):
            # A column's own constraint has its short name until the table is created.
            yield f"ck_{table.name}_{str(constraint.name).removeprefix(f'ck_{table.name}_')}"


def _missing_guards(connection: Connection) -> list[str]:
    found = {(table, name) for table, name in connection.execute(_TRIGGERS)}
    wanted = {("entries", "zero_sum"), *((table, "only_added") for table in HISTORY)}
    return [f"trigger {name} on {table} is missing" for table, name in sorted(wanted - found)]


async def _install_queue(connection: AsyncConnection) -> None:
    queue = await _queue(connection)
    if await queue.schema_is_installed():
        # Who runs the program without owning its tables finds nothing to do here.
        if (await queue.plan_upgrade()).statements:
            await queue.apply_upgrade()
    else:
        await queue.install()


async def _queue(connection: AsyncConnection) -> Queries:
    raw = (await connection.get_raw_connection()).driver_connection
    return Queries.from_asyncpg_connection(raw)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(None))


def _config(connection: Connection | None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "cbc_adapters.persistence.postgres:migrations")
    return config
