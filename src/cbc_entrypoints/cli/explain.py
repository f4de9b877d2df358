"""`cbc explain ID`: the whole chain of causes and effects of a row."""

import asyncio
import json

import click

from cbc_domain.application.health.explain import Chapter
from cbc_domain.kernel.time import format_instant
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.settings import Settings


@click.command()
@click.argument("subject", metavar="ID")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def explain(settings: Settings, subject: str, as_json: bool) -> None:
    """Tell the story of a signal, order, position or journal transaction."""
    for chapter in asyncio.run(_story(settings, subject)):
        at = format_instant(chapter.at)
        if as_json:
            click.echo(json.dumps({"at": at, "what": chapter.what, **dict(chapter.facts)}))
        else:
            click.echo(f"{at}  {chapter.what:<24} " + "  ".join(f"{name}={value}" for name, value in chapter.facts))


async def _story(settings: Settings, subject: str) -> tuple[Chapter, ...]:
    async with opened(settings) as live:
        return await live.platform.explain()(subject)
