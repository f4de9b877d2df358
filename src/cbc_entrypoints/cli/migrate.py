"""`cbc migrate`: the schema to head, or only a comparison."""

import asyncio
from typing import Final

import click

from cbc_adapters.persistence.postgres import schema
from cbc_adapters.persistence.postgres.privileges import APP_ROLE, Prepared
from cbc_entrypoints.live import database
from cbc_entrypoints.settings import Settings

_TOLD: Final = {
    Prepared.ACTS: f"role {APP_ROLE} may work with every table and change no history",
    Prepared.GRANTED: f"role {APP_ROLE} may work with every table and change no history; this user may not act as it",
    Prepared.NOT_CREATED: f"role {APP_ROLE} is not there and this user may not create it: triggers alone guard history",
    Prepared.NOT_OWNER: "this user does not own the tables: privileges are as they were",
}


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if the database differs.")
@click.pass_obj
def migrate(settings: Settings, only_check: bool) -> int:
    """Bring the database to the schema of this program."""
    return asyncio.run(_migrate(settings, only_check=only_check))


async def _migrate(settings: Settings, *, only_check: bool) -> int:
    async with database(settings, attach=True) as url:
        if not only_check:
            prepared = await schema.migrate(url)
            click.echo(_TOLD[prepared])
        differences = await schema.check(url)
    for difference in differences:
        click.echo(difference)
    click.echo(f"schema differs in {len(differences)} places" if differences else f"schema is at {schema.head()}")
    return 1 if differences else 0
