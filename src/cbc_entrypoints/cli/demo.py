"""`cbc demo`: the main job from end to end, in front of your eyes."""

import asyncio
import signal
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Final, TypeVar

import click
from rich.console import Console

from cbc_adapters.market_data.replay.alerts import read_alerts
from cbc_adapters.market_data.replay.candles import CandleFile
from cbc_adapters.market_data.replay.readings import read_readings
from cbc_domain.market.model import Direction
from cbc_entrypoints import logs
from cbc_entrypoints.demo.main import demonstrate, world_of
from cbc_entrypoints.demo.tables import show

T = TypeVar("T")

TERMINATED: Final = 128 + signal.SIGTERM
_DIRECTIONS = {"long": Direction.LONG_ONLY, "short": Direction.SHORT_ONLY, "both": Direction.BOTH}


@click.command()
@click.option("--members", type=click.IntRange(1, 1000), default=25, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed, same world.")
@click.option("--candles", type=click.Path(path_type=Path), help="One-minute candles: CSV, CSV.gz or Parquet.")
@click.option("--alerts", type=click.Path(path_type=Path), help="TradingView alerts, one JSON object a line.")
@click.option("--market", type=click.Path(path_type=Path), help="Recorded market readings; without them nothing opens.")
@click.option("--direction", type=click.Choice(list(_DIRECTIONS)), help="Told direction when there is no recording.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output, nothing else.")
def demo(
    members: int,
    seed: int,
    candles: Path | None,
    alerts: Path | None,
    market: Path | None,
    direction: str | None,
    as_json: bool,
) -> int:
    """Start a throw-away platform, post alerts, trade, settle, and show what happened. Everything is SIMULATED."""
    if (candles is None) != (alerts is None):
        raise click.UsageError("--candles and --alerts go together")
    if candles is None and (market or direction):
        raise click.UsageError("--market and --direction go with --candles and --alerts")
    if candles is not None and alerts is not None:
        _read_through(candles, alerts, market)
    logs.configure("console", "warning")
    progress = Console(stderr=True)
    told = _DIRECTIONS[direction] if direction else None
    story = demonstrate(world_of(seed, candles, alerts, market, told), members, seed, progress)
    try:
        document, holds = asyncio.run(_until_terminated(story))
    except asyncio.CancelledError:
        return TERMINATED
    if as_json:
        click.echo(document)
    else:
        show(Console(), document)
    return 0 if holds else 1


async def _until_terminated(story: Coroutine[object, object, T]) -> T:
    """Let SIGTERM end the story as Ctrl-C does: servers are stopped and the directory is removed on the way out.

    A story that came to its end all the same, because whatever it waited for took the wish to stop for its own, is not told.
    """
    told, listener = asyncio.create_task(story), asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.cancel)
    result = await told
    if told.cancelling() or (listener is not None and listener.cancelling()):
        raise asyncio.CancelledError
    return result


def _read_through(candles: Path, alerts: Path, market: Path | None) -> None:
    """Refuse files that cannot be played before anything is started for them. Raises Invalid."""
    CandleFile(candles).survey()
    deque(read_alerts(alerts), maxlen=0)
    deque(read_readings(market) if market else (), maxlen=0)
