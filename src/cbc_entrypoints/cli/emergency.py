"""`cbc emergency`: stop or flatten from a terminal, also when API, workers and queue are down (RSK-21)."""

import asyncio
from typing import Final

import click

from cbc_domain.application.trading.emergency import Stopped
from cbc_domain.identity.rules import fold_email
from cbc_domain.kernel.errors import NotFound
from cbc_domain.risk.model import StopLevel, StopScope
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.settings import Settings

_SCOPES: Final = click.Choice([scope.value for scope in StopScope])
_LEVELS: Final = click.Choice([level.value for level in StopLevel])


@click.group()
def emergency() -> None:
    """Stop what the platform opens, or close what it has open."""


@emergency.command("stop")
@click.option("--scope", type=_SCOPES, required=True)
@click.option("--target", help="Exchange, symbol, or the id of a strategy or user; none for global.")
@click.option("--level", type=_LEVELS, required=True)
@click.option("--reason", required=True)
@click.option("--by", required=True, help="E-mail of the person who decides it.")
@click.option("--type-scope", "typed", help="For flatten: the word of the scope, typed again.")
@click.pass_obj
def stop(settings: Settings, scope: str, target: str | None, level: str, reason: str, by: str, typed: str | None) -> None:
    """Stop a scope, carry out at once what that asks of the exchange, and say what was done."""
    done = asyncio.run(_stop(settings, StopScope(scope), target, StopLevel(level), reason, by, typed))
    click.echo(f"level      {done.stop.level}\ntaken back {len(done.taken_back)}\nclosing    {len(done.closing)}")


@emergency.command("lift")
@click.option("--scope", type=_SCOPES, required=True)
@click.option("--target")
@click.option("--reason", required=True)
@click.option("--by", required=True, help="E-mail of the person who decides it.")
@click.pass_obj
def lift(settings: Settings, scope: str, target: str | None, reason: str, by: str) -> None:
    """End a stop, the platform's own too."""
    asyncio.run(_lift(settings, StopScope(scope), target, reason, by))


async def _stop(
    settings: Settings, scope: StopScope, target: str | None, level: StopLevel, reason: str, by: str, typed: str | None
) -> Stopped:
    async with opened(settings) as live:
        async with live.platform.store()() as work:
            known = await work.people.credential(fold_email(by))
        if known is None:
            raise NotFound("not_found", f"expected somebody with the e-mail {by}")
        # Whoever has a terminal on the machine has proved more than a step-up does.
        act = live.platform.emergency()
        done = await act(known.member, scope, target, level, reason, stepped_up=True, typed=typed)
        while await live.platform.place_orders()():
            pass
    return done


async def _lift(settings: Settings, scope: StopScope, target: str | None, reason: str, by: str) -> None:
    async with opened(settings) as live:
        async with live.platform.store()() as work:
            known = await work.people.credential(fold_email(by))
        if known is None:
            raise NotFound("not_found", f"expected somebody with the e-mail {by}")
        await live.platform.emergency().lift(known.member, scope, target, reason)
