"""`cbc check`: every setting with its value, secrets masked, and every connection, with what to do about a fault."""

import asyncio
import os
from collections.abc import Iterator
from typing import Final

import click

from cbc_domain.application.health.check_readiness import Part
from cbc_domain.kernel.errors import DomainError
from cbc_entrypoints.cli.endings import exit_code
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.logs import MASK
from cbc_entrypoints.settings import Settings
from cbc_entrypoints.variables import VARIABLES

ADVICE: Final = {
    "data_dir_incompatible": "another major version of PostgreSQL made this directory: bring that one, or another CBC_DATA_DIR",
    "data_dir_in_use": "another program has this directory: stop it, or name another with CBC_DATA_DIR",
    "data_dir_unwritable": "name a directory that you may write to with CBC_DATA_DIR",
    "postgres_missing": "install the extra `postgres`, or name a database with CBC_DATABASE_URL",
    "postgres_failed": "read postgres.log in the data directory",
    "schema_newer": "a newer program migrated this database: run that one",
    "settings_invalid": "change that variable",
    "unavailable": "is the server of CBC_DATABASE_URL or CBC_REDIS_URL up, and do its name and password fit?",
}
"""What to do, by the code of the fault."""

PARTS: Final = {
    "market": "no reading of the market is fresh: nothing opens until its sources speak",
    "database": "is the server of CBC_DATABASE_URL up?",
}
"""What to do about a part that is not ok."""


@click.command()
@click.pass_obj
def check(settings: Settings) -> int:
    """List every setting and try every connection; exit 3 when the platform could not serve."""
    for name, value, origin in _told(settings):
        click.echo(f"{name:<18} {value:<44} {origin}")
    try:
        parts = asyncio.run(_parts(settings))
    except DomainError as fault:
        click.echo(f"{'platform':<18} {fault.detail}\n{'':<18} {ADVICE.get(fault.code, fault.code)}")
        return exit_code(fault)
    for part in parts:
        click.echo(f"{part.name:<18} {part.state:<44} {'' if part.state == 'ok' else PARTS.get(part.name, '')}".rstrip())
    return 3 if any(part.state == "unavailable" for part in parts) else 0


def _told(settings: Settings) -> Iterator[tuple[str, str, str]]:
    for variable in VARIABLES:
        if not os.environ.get(variable.name):
            yield variable.name, variable.absent, "default"
        else:
            shown = MASK if variable.secret else os.environ[variable.name]
            yield variable.name, shown, "set"
    if not settings.database_url:
        yield "data directory", str(settings.data_dir), ""


async def _parts(settings: Settings) -> tuple[Part, ...]:
    async with opened(settings) as live:
        return (await live.platform.check_readiness()()).parts
