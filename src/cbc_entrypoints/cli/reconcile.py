"""`cbc reconcile`: our books against the outside, now instead of at the next half minute (POS-10)."""

import asyncio
import json

import attrs
import click

from cbc_domain.application.trading.sweep_accounts import Sweep
from cbc_domain.kernel.errors import Unavailable
from cbc_entrypoints.cli.opened import opened
from cbc_entrypoints.settings import Settings


@attrs.frozen
class Compared:
    """What stood at the exchanges, and how many positions were asked about and mended."""

    sweep: Sweep
    looked_at: int


@click.command()
@click.option("--exchange", is_flag=True, help="Orders, positions and protection at the exchanges.")
@click.option("--stripe", is_flag=True, help="Payments.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def reconcile(settings: Settings, *, exchange: bool, stripe: bool, as_json: bool) -> int:
    """Compare with the outside and mend; exit 1 when something at an exchange is ours and nobody can explain it.

    Without an option everything that there is to compare with.
    """
    if stripe:
        raise Unavailable("payments_unavailable", "expected a payment processor, was none")
    compared = asyncio.run(_compare(settings))
    if as_json:
        click.echo(json.dumps({**attrs.asdict(compared.sweep), "looked_at": compared.looked_at}))
    else:
        click.echo(
            f"positions looked at {compared.looked_at}\n"
            f"orders left over    {compared.sweep.leftover} (cancelled)\n"
            f"orders unexplained  {compared.sweep.unexplained} (opens of that exchange are paused)\n"
            f"members' own orders {compared.sweep.foreign} (left alone)"
        )
    return 1 if compared.sweep.unexplained else 0


async def _compare(settings: Settings) -> Compared:
    async with opened(settings) as live:
        sweep = await live.platform.sweep_accounts()()
        looked_at = await live.platform.reconcile()()
        while await live.platform.place_orders()():
            pass
        return Compared(sweep, looked_at)
