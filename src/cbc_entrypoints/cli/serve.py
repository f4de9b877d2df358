"""`cbc serve`, `cbc api`, `cbc worker`: the platform whole, or its parts as processes of their own."""

import asyncio
import socket
from pathlib import Path
from typing import Final

import attrs
import click

from cbc_entrypoints.cli.housing import House, first_admin
from cbc_entrypoints.cli.stopping import told_to_stop
from cbc_entrypoints.http.server import open_socket
from cbc_entrypoints.settings import Settings
from cbc_entrypoints.worker.role import Role

TRADING_ROLES: Final = frozenset({Role.ALL, Role.INGEST, Role.EXECUTE})
"""Roles whose work asks the exchange about accounts and orders."""

_HOST = click.option("--host", default="127.0.0.1", show_default=True)
_PORT = click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")


@click.command()
@_HOST
@_PORT
@click.option("--data", type=click.Path(path_type=Path), help="Where database and keys live; overrides CBC_DATA_DIR.")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Order workers in this process.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int, data: Path | None, workers: int) -> None:
    """The whole platform: its own PostgreSQL, the paper exchange, the API and the workers."""
    here = attrs.evolve(settings, data_dir=data.expanduser()) if data else settings
    listener = open_socket(host, port)
    click.echo(f"data     {here.data_dir}")
    asyncio.run(_serve(here, listener, workers))


@click.command()
@_HOST
@_PORT
@click.pass_obj
def api(settings: Settings, host: str, port: int) -> None:
    """The HTTP API alone, any number of them over one database."""
    asyncio.run(_api(settings, open_socket(host, port)))


@click.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.ALL.value, show_default=True)
@click.pass_obj
def worker(settings: Settings, role: str) -> None:
    """Work on jobs, orders and schedules over one database, any number of them.

    Workers that share CBC_DATA_DIR share one paper exchange.
    """
    asyncio.run(_work(settings, Role(role)))


async def _serve(settings: Settings, listener: socket.socket, workers: int) -> None:
    async with told_to_stop() as stop, House.opened(settings) as house:
        await first_admin(house, click.echo)
        async with house.api(listener) as url, house.workers(Role.ALL, workers):
            click.echo(f"API      {url}\ndocs     {url}/docs\nready    {url}/health/ready\nStop with Ctrl-C.")
            await stop.wait()
            click.echo("Stopping.")


async def _api(settings: Settings, listener: socket.socket) -> None:
    async with (
        told_to_stop() as stop,
        House.opened(settings) as house,
        house.api(listener) as url,
    ):
        click.echo(f"API      {url}")
        await stop.wait()


async def _work(settings: Settings, role: Role) -> None:
    async with (
        told_to_stop() as stop,
        House.opened(settings, trades=role in TRADING_ROLES) as house,
        house.workers(role, 1),
    ):
        click.echo(f"worker   {role}")
        await stop.wait()
