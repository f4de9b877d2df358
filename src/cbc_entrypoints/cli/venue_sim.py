"""`cbc venue-sim`: the exchanges on loopback, with accounts, prices and faults, all of it SIMULATED."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from cbc_adapters.exchange.simulated.venues.fault_file import NO_FAULTS, read_fault_file
from cbc_adapters.exchange.simulated.venues.server import Serving
from cbc_adapters.exchange.simulated.venues.simulation import BALANCE, Opened, Simulation, moving
from cbc_adapters.system.real.clock import SystemClock
from cbc_entrypoints import logs
from cbc_entrypoints.cli.stopping import told_to_stop

COLUMNS: Final = ("venue", "environment", "number", "key", "secret", "passphrase")


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8443, show_default=True, help="0 takes a free one.")
@click.option("--faults", "fault_file", type=click.Path(path_type=Path), help="What goes wrong, as docs/venue-sim.md has it.")
@click.option("--accounts", type=click.IntRange(0, 10_000), default=1, show_default=True, help="In each venue and environment.")
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed, same keys and same path of prices.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output once it answers, nothing else.")
def venue_sim(port: int, fault_file: Path | None, accounts: int, seed: int, as_json: bool) -> None:
    """The exchanges on loopback HTTPS and WebSocket, live and testnet, until it is stopped. Everything is SIMULATED."""
    faults = read_fault_file(fault_file) if fault_file is not None else NO_FAULTS
    logs.configure("console", "warning")
    asyncio.run(_serve(Simulation(SystemClock(), accounts=accounts, seed=seed, faults=faults), port, as_json))


async def _serve(simulation: Simulation, port: int, as_json: bool) -> None:
    with TemporaryDirectory(prefix="coinbitclub-venues-") as folder:
        async with told_to_stop() as stop, moving(simulation, Path(folder), port) as served:
            click.echo(json.dumps(_document(simulation, served)) if as_json else _text(simulation, served))
            await stop.wait()


def _settings(served: Serving) -> Mapping[str, str]:
    return {"CBC_EXCHANGE_GATEWAY": served.gateway, "CBC_EXCHANGE_CA_FILE": str(served.ca_file)}


def _document(simulation: Simulation, served: Serving) -> Mapping[str, object]:
    return {
        "label": "SIMULATED",
        "gateway": served.gateway,
        "ca_file": str(served.ca_file),
        "settings": _settings(served),
        "hosts": sorted(simulation.server.hosts),
        "accounts": [dict(zip(COLUMNS, _row(opened), strict=True)) for opened in simulation.opened],
        "balance": str(BALANCE),
    }


def _text(simulation: Simulation, served: Serving) -> str:
    rows = [COLUMNS, *(_row(opened) for opened in simulation.opened)]
    return "\n".join(
        [
            f"SIMULATED exchanges; each account has {BALANCE} USDT, and prices are made up.",
            *(f"{name}={value}" for name, value in _settings(served).items()),
            *("  ".join(str(cell or "-") for cell in row) for row in rows),
            "Stop with Ctrl-C.",
        ]
    )


def _row(opened: Opened) -> tuple[str | int | None, ...]:
    numbered, key = opened.numbered, opened.key
    return numbered.venue.value, numbered.environment.value, numbered.number, key.key, key.secret, key.passphrase
