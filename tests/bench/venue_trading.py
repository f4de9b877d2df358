"""The platform at work at a simulated venue: signals one after another, and when each stage of each was reached."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs
from sqlalchemy import text

from cbc_adapters.exchange.simulated.listing import START_PRICES
from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from cbc_domain.kernel.venues import Symbol, Venue
from cbc_entrypoints import logs
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.paper import paper_exchange
from tests.bench.fairness import Filled
from tests.bench.load import Post, post_all
from tests.bench.processes import CBC, Running, environment_of, running
from tests.bench.traders import allow_longs, open_business
from tests.bench.venue_floor import Floor, give_keys
from tests.bench.venue_worker import READY

WORKER: Final = (sys.executable, "-m", "tests.bench.venue_worker")
PATIENCE_S: Final = 900
LOOK_EVERY_S: Final = 0.1
QUIET_S: Final = 3
IDLE: Final = 0.1
"""A worker without orders uses less of a core than this."""

_TIMES: Final = text("""
SELECT max(orders.created_at), min(orders.sent_at), max(orders.acked_at), max(positions.protected_at),
       count(positions.protected_at),
       (SELECT count(every.acked_at) FROM orders AS every JOIN positions AS theirs ON theirs.id = every.position
        WHERE theirs.signal = signals.id),
       (SELECT count(*) FROM decisions WHERE decisions.signal = signals.id),
       (SELECT count(*) FROM tasks WHERE tasks.signal = signals.id AND state IN ('WAITING', 'LEASED'))
FROM signals
LEFT JOIN positions ON positions.signal = signals.id
LEFT JOIN orders ON orders.position = positions.id AND orders.leg = 'e'
WHERE signals.id = CAST(:signal AS uuid) GROUP BY signals.id
""")
_FILLED: Final = text("""
SELECT CAST(orders.member AS text) AS member, min(fills.at) AS at FROM positions
JOIN orders ON orders.position = positions.id AND orders.leg = 'e' JOIN fills ON fills."order" = orders.id
WHERE positions.signal = CAST(:signal AS uuid) GROUP BY orders.member
""")
_OPEN: Final = text("SELECT count(*) FROM positions WHERE state NOT IN ('CLOSED', 'LIQUIDATED', 'ABANDONED')")
_UNBLOCK: Final = text("DELETE FROM coin_blocks")


@attrs.frozen
class Traded:
    """One signal traded for all members: seconds after the alert was sent at which each stage was reached."""

    members: int
    orders: int
    """Acknowledged by the venue: two stops of each member, the second around the real average, beside entry and target."""
    planned_s: float
    first_sent_s: float
    acknowledged_s: float
    protected_s: float
    cpu_s: float
    calls: int
    """About balances, positions and orders, as the venue counted them."""
    filled: Filled

    @property
    def apart_s(self) -> float:
        """Between the first member's fill and the last member's; 0 when nobody wrote them down."""
        times = self.filled.values()
        return (max(times) - min(times)) / timedelta(seconds=1) if times else 0.0


@attrs.frozen
class Club:
    """A platform with members at a venue, and the processes it runs in."""

    here: Live
    floor: Floor
    worker: Running
    webhook: str
    accounts: int

    async def trade(self, symbol: Symbol) -> Traded:
        """One signal from its alert until everybody has left again."""
        traded = await self.enter(symbol)
        await self.leave(symbol)
        return traded

    async def enter(self, symbol: Symbol) -> Traded:
        """Send one alert and wait until everybody is protected."""
        await allow_longs(self.here.platform)
        asked = await self.floor.calls()
        used, sent = self.worker.cpu_s(), self.here.platform.clock().now()
        signal = await self._alert("SINAL LONG FORTE", symbol)
        times, traded, orders = await self._until_done(signal)
        used = self.worker.cpu_s() - used
        planned, first, acknowledged, protected = ((at - sent) / timedelta(seconds=1) for at in times)
        async with self.here.engine.connect() as connection:
            filled = {row.member: row.at for row in await connection.execute(_FILLED, {"signal": signal})}
        asked = await self.floor.calls() - asked
        return Traded(traded, orders, planned, first, acknowledged, protected, used, asked, filled)

    async def memory_mb(self, streams: int) -> float:
        """What the worker keeps in memory once it has so many private streams open."""
        async with asyncio.timeout(PATIENCE_S):
            while self.floor.streams() < streams:
                await asyncio.sleep(LOOK_EVERY_S)
        return self.worker.resident_mb()

    async def leave(self, symbol: Symbol) -> None:
        """Close everything; what was lost in between keeps nobody away from the next signal."""
        await self._alert("FECHE LONG", symbol)
        async with asyncio.timeout(PATIENCE_S):
            while await self._open():
                await asyncio.sleep(LOOK_EVERY_S)
            await self._until_quiet()
        async with self.here.engine.begin() as connection:
            await connection.execute(_UNBLOCK)

    async def _alert(self, words: str, symbol: Symbol) -> str:
        address, now = urlsplit(self.webhook), self.here.platform.clock().now()
        body = {"ticker": symbol, "signal": words, "time": f"{now:%Y-%m-%d %H:%M:%S}", "rsi_15": "55"}
        body |= {"close": str(START_PRICES[symbol])}
        await post_all(f"http://{address.netloc}", [Post(address.path, json.dumps(body).encode())], 1)
        async with self.here.engine.connect() as connection:
            return str(await connection.scalar(text("SELECT id FROM signals ORDER BY id DESC LIMIT 1")))

    async def _until_done(self, signal: str) -> tuple[Sequence[datetime], int, int]:
        """Members whose orders expired on a machine too slow for them are not waited for, and the table shows it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.here.engine.connect() as connection:
                    *times, traded, orders, decided, waiting = (await connection.execute(_TIMES, {"signal": signal})).one()
                if traded and decided == self.accounts and not waiting:
                    return times, traded, orders
                await asyncio.sleep(LOOK_EVERY_S)

    async def _open(self) -> int:
        async with self.here.engine.connect() as connection:
            return int((await connection.execute(_OPEN)).scalar_one())

    async def _until_quiet(self) -> None:
        """What follows a close, results asked for and streams let go, is not part of the next signal."""
        used = self.worker.cpu_s()
        while True:
            await asyncio.sleep(QUIET_S)
            before, used = used, self.worker.cpu_s()
            if used - before < IDLE * QUIET_S:
                return


@asynccontextmanager
async def club_at(floor: Floor, venue: Venue, accounts: int) -> AsyncIterator[Club]:
    """A platform on a database of its own, whose members have the floor's keys and have heard of no signal yet."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await stack.enter_async_context(EmbeddedPostgres(folder / "database").start())
        settings = floor.settings(folder, url)
        logs.configure(settings.log_format, settings.log_level)
        paper = await stack.enter_async_context(paper_exchange(settings))
        here = await stack.enter_async_context(live(settings, paper))
        secret = await open_business(here.platform, accounts, venue)
        await give_keys(here, floor.keys)
        environment = environment_of(settings)
        api = await stack.enter_async_context(running([CBC, "api", "--port", "0"], "API ", environment))
        worker = await stack.enter_async_context(running(WORKER, READY, environment))
        yield Club(here, floor, worker, f"{api.told}/api/webhooks/signal/{secret}", accounts)
