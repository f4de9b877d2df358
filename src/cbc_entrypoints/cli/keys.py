"""`cbc keys`: the sealed exchange keys as a whole."""

import asyncio
import json
from typing import Final

import attrs
import click

from cbc_domain.application.people.rotate_keys import PAGE, Rotated
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.settings import Settings

_PAGES: Final = click.IntRange(1, 10_000)


@click.group()
def keys() -> None:
    """Sealed exchange keys."""


@keys.command("rotate")
@click.option("--at-once", type=_PAGES, default=PAGE, show_default=True, help="How many are wrapped in one transaction.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def rotate(settings: Settings, at_once: int, *, as_json: bool) -> int:
    """Wrap everything sealed by the first key of CBC_MASTER_KEYS; exit 1 when something no known key opens.

    May be broken off at any time and run again. First restart every process with both keys, the new one first; when a
    rotation has found nothing more to wrap, the old one may go.
    """
    master, done = asyncio.run(_rotate(settings, at_once))
    if as_json:
        click.echo(json.dumps({"master": master, **attrs.asdict(done)}))
    else:
        click.echo(f"master key {master}\nseen       {done.seen}\nrewrapped  {done.rewrapped}\nstuck      {len(done.stuck)}")
        for one in done.stuck:
            click.echo(f"no known master key opens {one}")
    return 1 if done.stuck else 0


async def _rotate(settings: Settings, at_once: int) -> tuple[str, Rotated]:
    done = Rotated()
    async with opened(settings) as live:
        async for page in live.platform.rotate_keys(page_size=at_once)():
            done += page
        return live.platform.sealer().current, done
