"""A worker process over a database and a durable venue that kills itself at a named point: `before:2`, `after:2`, `never`."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Call, FaultPlan, Harm
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_adapters.persistence.postgres.presence import Presence
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_adapters.system.real.identities import SystemIdentities
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Leg
from tests.club import platform_of


class DeadlyExchange(SimulatedExchange):
    """Kills the process before a call reaches the venue, or after it was carried out; mutable because it counts calls."""

    def __init__(self, venue: SimulatedVenue, clock: SteppedClock, point: str) -> None:
        super().__init__(venue, clock, faults=FaultPlan(), opening_balance=None)
        self._when, _, number = point.partition(":")
        self._left = int(number or 0)

    async def _before(self, call: Call, account: ExchangeAccount, leg: Leg | None = None) -> tuple[Harm, ...]:
        self._left -= 1
        self._die_at("before")
        return await super()._before(call, account, leg)

    def _after(self, harms: tuple[Harm, ...]) -> None:
        self._die_at("after")

    def _die_at(self, when: str) -> None:
        if self._when == when and self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def work(url: str, journal: Path, now: datetime, point: str) -> None:
    """Carry out what is due, without hearing the venue's stream."""
    clock, identities = SteppedClock(now), SystemIdentities()
    engine = open_engine(url, pool_size=3)
    exchange = DeadlyExchange(SimulatedVenue(DEMONSTRATION, journal_file=journal), clock, point)
    lane = platform_of(PostgresStore(engine, identities, Presence(engine)), exchange, clock, identities).place_orders()
    while await lane():
        pass
    await engine.dispose()


def named(arguments: list[str]) -> Mapping[str, str]:
    return dict(zip(("url", "journal", "now", "point"), arguments, strict=True))


if __name__ == "__main__":
    given = named(sys.argv[1:])
    asyncio.run(work(given["url"], Path(given["journal"]), datetime.fromisoformat(given["now"]), given["point"]))
