"""What the role of the running program may do: everything but change or remove history (LED-05)."""

from enum import StrEnum
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.tables.guards import HISTORY

APP_ROLE: Final = "coinbitclub_app"
"""A role that nobody logs in as; who runs the program is a member of it, or acts as it."""


class Prepared(StrEnum):
    """What became of the role at a migration."""

    ACTS = "acts"
    """It has its privileges, and the user who migrated may act as it."""
    GRANTED = "granted"
    """It has its privileges, but the user who migrated may not act as it."""
    NOT_CREATED = "not_created"
    """It is not there, and the user who migrated may not create roles."""
    NOT_OWNER = "not_owner"
    """Left as it was: the user does not own the tables, as is right for who only runs the program."""


_OWNS: Final = text("SELECT pg_has_role(tableowner, 'USAGE') FROM pg_tables WHERE tablename = 'journals'")
_ROLE_KNOWN: Final = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")

# Roles belong to the whole server: another database's migration may create it at the same moment.
_CREATE_ROLE: Final = """
DO $$
BEGIN
    CREATE ROLE {role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    NULL;
END $$
"""

_GRANTS: Final = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(HISTORY)} FROM {{role}}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
)


async def prepare_privileges(connection: AsyncConnection, role: str = APP_ROLE) -> Prepared:
    """Create the role where this user may, and grant it what the program needs in this database; again changes nothing."""
    prepared = await _prepare(connection, role)
    await connection.commit()
    if prepared is Prepared.GRANTED:
        return Prepared.ACTS if await _may_act(connection, role) else Prepared.GRANTED
    return prepared


async def _prepare(connection: AsyncConnection, role: str) -> Prepared:
    if not await connection.scalar(_OWNS):
        return Prepared.NOT_OWNER
    if not await _is_known(connection, role):
        await connection.execute(text(_CREATE_ROLE.format(role=role)))
        if not await _is_known(connection, role):
            return Prepared.NOT_CREATED
    for statement in _GRANTS:
        await connection.execute(text(statement.format(role=role)))
    return Prepared.GRANTED


async def _is_known(connection: AsyncConnection, role: str) -> bool:
    return bool(await connection.scalar(_ROLE_KNOWN, {"role": role}))


async def _may_act(connection: AsyncConnection, role: str) -> bool:
    # Asked by trying: what a creator of roles may do with them differs between versions of PostgreSQL.
    try:
        await connection.execute(text(f"SET LOCAL ROLE {role}"))
    except DBAPIError:
        return False
    finally:
        await connection.rollback()
    return True
