"""Run a whole demonstration and give its outcome as JSON."""

import json
import tempfile
from pathlib import Path

from rich.console import Console

from cbc_domain.market.model import Direction
from cbc_entrypoints.demo.cast import cast
from cbc_entrypoints.demo.play import Play, Posted
from cbc_entrypoints.demo.report import as_json, gather
from cbc_entrypoints.demo.stage import stage
from cbc_entrypoints.demo.world import GeneratedWorld, RecordedWorld, World


async def demonstrate(world: World, members: int, seed: int, progress: Console) -> tuple[bytes, bool]:
    """Start a throw-away platform and play the world on it; tells `progress` as it goes.

    Answers the document of `report`, and whether the ledger proof holds and every position is protected.
    """

    def tell(posted: Posted, body: bytes) -> None:
        alert = json.loads(body)
        orders = f", last order after {posted.to_last_order_ms} ms" if posted.to_last_order_ms is not None else ""
        progress.print(
            f"{posted.at:%d %b %H:%M:%S}  {alert.get('ticker', ''):<13} {alert.get('signal', ''):<24} "
            f"{posted.status} {posted.answer} in {posted.webhook_ms} ms{orders}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    with tempfile.TemporaryDirectory(prefix="coinbitclub-") as directory:
        progress.print(f"Starting a throw-away platform with {members} members. Everything is SIMULATED.")
        async with stage(world, cast(members), seed, Path(directory)) as set_up:
            progress.print("The platform runs; posting alerts over HTTP.")
            posted = await Play(set_up, tell)(world)
            outcome = await gather(set_up, world.prices, posted)
            return as_json(outcome), outcome.health.holds


def world_of(seed: int, candles: Path | None, alerts: Path | None, market: Path | None, told: Direction | None) -> World:
    """The generated world, or the recorded one when candles and alerts are given. Raises Invalid for files that do not fit."""
    if candles is None or alerts is None:
        return GeneratedWorld(seed)
    return RecordedWorld(candles, alerts, market, told)
