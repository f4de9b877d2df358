"""A worker that keeps no venue's limits, nor a member's of trades a day: what is measured is the platform, not patience."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.limits import Limit, Published
from cbc_adapters.exchange.ccxt.published import PUBLISHED
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Venue
from cbc_domain.risk.defaults import SystemLimits
from cbc_entrypoints import logs
from cbc_entrypoints.cli.stopping import told_to_stop
from cbc_entrypoints.live import live
from cbc_entrypoints.paper import paper_exchange, paper_exchange_there
from cbc_entrypoints.settings import read_settings
from cbc_entrypoints.worker.main import work
from cbc_entrypoints.worker.role import Role

TIMES: Final = 1_000
MANY: Final = 1_000_000
READY: Final = "worker "


def with_room() -> Mapping[Venue, Published]:
    """Every limit a thousand times as high: the same accounts are kept, and nobody ever waits for them."""
    return {
        venue: attrs.evolve(told, limits=tuple(map(_wider, told.limits)), stream_every_s=told.stream_every_s / TIMES)
        for venue, told in PUBLISHED.items()
    }


def _wider(limit: Limit) -> Limit:
    return attrs.evolve(limit, amount=limit.amount * TIMES)


async def main() -> None:
    settings = read_settings(os.environ)
    logs.configure(settings.log_format, settings.log_level)
    async with (
        told_to_stop() as stop,
        paper_exchange(settings) as paper,
        live(settings, paper, published=with_room()) as opened,
        paper_exchange_there(settings, SystemClock()),
    ):
        opened.platform.limits.override(SystemLimits(trades_per_day=MANY))
        sys.stdout.write(f"{READY}with room\n")
        sys.stdout.flush()
        await work(opened, Role.ALL, stop)


if __name__ == "__main__":
    asyncio.run(main())
