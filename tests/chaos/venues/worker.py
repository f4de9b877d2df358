"""A worker process in front of the venues: the product as it runs for real, until somebody kills it."""

import asyncio
import logging
import os
import signal
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

import ccxt.pro  # noqa: F401 - imported once for all workers, which are forked from here
import structlog

import cbc_adapters.exchange.ccxt.adapter
import cbc_adapters.exchange.ccxt.dialects
import cbc_adapters.exchange.ccxt.examiner  # noqa: F401 - as ccxt.pro
from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.system.real.clock import SystemClock
from cbc_entrypoints.live import live
from cbc_entrypoints.settings import Settings
from cbc_entrypoints.worker.main import work
from cbc_entrypoints.worker.role import Role
from tests.chaos.venues.waiting import tell_tasks
from tests.chaos.worker import into


def labour(settings: Settings, log: Path, ready: Connection) -> None:
    """Work until this process is killed; `ready` is closed when the work begins."""
    logging.basicConfig(filename=log, level=logging.WARNING)
    structlog.configure(processors=[structlog.processors.TimeStamper(fmt="iso"), into(log)])
    asyncio.run(_labour(settings, ready))


async def _labour(settings: Settings, ready: Connection) -> None:
    parent = parent_process()
    if parent is not None:
        # Nobody is left to judge what this one does, or to kill it.
        asyncio.get_running_loop().add_reader(parent.sentinel, os._exit, 1)
    paper = SimulatedExchange(SimulatedVenue(DEMONSTRATION), SystemClock())
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell_tasks)
    async with live(settings, paper, durable=False) as opened:
        ready.close()
        await work(opened, Role.ALL, asyncio.Event())
