"""One signal to many members at a simulated venue in a process of its own, beside the same orders sent with ccxt alone."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
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
from tests.bench.bare import ORDERS, Bare, bare_loop
from tests.bench.load import Post, post_all
from tests.bench.processes import CBC, Running, environment_of, running
from tests.bench.table import Row, Size, Table
from tests.bench.traders import allow_longs, open_business
from tests.bench.venue_floor import Floor, give_keys, venue_floor
from tests.bench.venue_worker import READY

ACCOUNTS: Final[Mapping[Size, Mapping[Venue, int]]] = {
    Size.QUICK: {Venue.BINANCE: 4},
    Size.FULL: {Venue.BINANCE: 150},
}
WARM_UP: Final = Symbol("ETHUSDT")
SYMBOL: Final = Symbol("BTCUSDT")
WORKER: Final = (sys.executable, "-m", "tests.bench.venue_worker")
PATIENCE_S: Final = 300
LOOK_EVERY_S: Final = 0.1
QUIET_S: Final = 3
IDLE: Final = 0.1
"""A worker without orders uses less of a core than this."""

_TIMES: Final = text("""
SELECT max(orders.created_at), min(orders.sent_at), max(orders.acked_at), max(positions.protected_at),
       (SELECT max(fills.at) - min(fills.at) FROM fills, orders AS entries, positions AS held
        WHERE fills."order" = entries.id AND entries.leg = 'e' AND entries.position = held.id AND held.signal = signals.id),
       count(positions.protected_at),
       (SELECT count(*) FROM decisions WHERE decisions.signal = signals.id),
       (SELECT count(*) FROM tasks WHERE tasks.signal = signals.id AND state IN ('WAITING', 'LEASED'))
FROM signals
LEFT JOIN positions ON positions.signal = signals.id
LEFT JOIN orders ON orders.position = positions.id AND orders.leg = 'e'
WHERE signals.id = CAST(:signal AS uuid) GROUP BY signals.id
""")
_OPEN: Final = text("SELECT count(*) FROM positions WHERE state NOT IN ('CLOSED', 'LIQUIDATED', 'ABANDONED')")
_UNBLOCK: Final = text("DELETE FROM coin_blocks")


@attrs.frozen
class Traded:
    """One signal traded for all members: seconds after the alert was sent at which each stage was reached."""

    members: int
    planned_s: float
    first_sent_s: float
    acknowledged_s: float
    protected_s: float
    spread_s: float
    cpu_s: float

    @property
    def orders(self) -> int:
        return self.members * ORDERS


async def measure(size: Size) -> Table:
    """Each venue with a simulation, a database and a worker of its own; the bare loop has a simulation of the same size."""
    rows: list[Row] = []
    for venue, accounts in ACCOUNTS[size].items():
        async with venue_floor(venue, accounts) as floor:
            bare = await bare_loop(floor, venue, WARM_UP, SYMBOL)
        async with venue_floor(venue, accounts) as floor:
            cold, warm = await _traded(floor, venue, accounts)
        rows += [_bare_row(venue, bare), _row(venue, "cold", cold, bare), _row(venue, "warm", warm, bare)]
    return Table(
        "Venues: entry, stop and target of one signal, by the platform and by ccxt alone",
        rows,
        [
            "Simulated venues in a process of their own; API, worker, PostgreSQL (fsync on) in theirs; one machine.",
            "The venues' limits on requests are widened a thousandfold for this: by them alone a member more costs a wait.",
            "Cold sets margin mode and leverage before each entry, warm finds them set within the last ten minutes.",
            "Seconds are from the alert; orders/s from the alert to the last position protected; CPU is the worker's alone,",
            "that of the bare loop its process's. Both had a round with another symbol before.",
        ],
    )


async def _traded(floor: Floor, venue: Venue, accounts: int) -> tuple[Traded, Traded]:
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
        worker = await stack.enter_async_context(
            running([sys.executable, "-m", "tests.bench.venue_worker"], READY, environment)
        )
        club = Club(here, worker, f"{api.told}/api/webhooks/signal/{secret}", accounts)
        await club.trade(WARM_UP)
        cold = await club.trade(SYMBOL)
        return cold, await club.trade(SYMBOL)


@attrs.frozen
class Club:
    """A platform with members at a venue, and the processes it runs in."""

    here: Live
    worker: Running
    webhook: str
    accounts: int

    async def trade(self, symbol: Symbol) -> Traded:
        """Send one alert, wait until everybody is protected, and let everybody leave again."""
        await allow_longs(self.here.platform)
        used, sent = self.worker.cpu_s(), self.here.platform.clock().now()
        signal = await self._alert("SINAL LONG FORTE", symbol)
        times, spread, traded = await self._until_done(signal)
        used = self.worker.cpu_s() - used
        planned, first, acknowledged, protected = ((at - sent) / timedelta(seconds=1) for at in times)
        await self._leave(symbol)
        return Traded(traded, planned, first, acknowledged, protected, spread / timedelta(seconds=1), used)

    async def _alert(self, words: str, symbol: Symbol) -> str:
        address, now = urlsplit(self.webhook), self.here.platform.clock().now()
        body = {"ticker": symbol, "signal": words, "time": f"{now:%Y-%m-%d %H:%M:%S}", "rsi_15": "55"}
        body |= {"close": str(START_PRICES[symbol])}
        await post_all(f"http://{address.netloc}", [Post(address.path, json.dumps(body).encode())], 1)
        async with self.here.engine.connect() as connection:
            return str(await connection.scalar(text("SELECT id FROM signals ORDER BY id DESC LIMIT 1")))

    async def _until_done(self, signal: str) -> tuple[Sequence[datetime], timedelta, int]:
        """Members whose orders expired on a machine too slow for them are not waited for, and the table shows it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.here.engine.connect() as connection:
                    *times, spread, traded, decided, waiting = (await connection.execute(_TIMES, {"signal": signal})).one()
                if traded and decided == self.accounts and not waiting:
                    return times, spread, traded
                await asyncio.sleep(LOOK_EVERY_S)

    async def _leave(self, symbol: Symbol) -> None:
        """Close everything; what was lost in between keeps nobody away from the next signal."""
        await self._alert("FECHE LONG", symbol)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.here.engine.begin() as connection:
                    if await connection.scalar(_OPEN) == 0:
                        await connection.execute(_UNBLOCK)
                        break
                await asyncio.sleep(LOOK_EVERY_S)
            await self._until_quiet()

    async def _until_quiet(self) -> None:
        """What follows a close, results asked for and streams let go, is not part of the next signal."""
        used = self.worker.cpu_s()
        while True:
            await asyncio.sleep(QUIET_S)
            before, used = used, self.worker.cpu_s()
            if used - before < IDLE * QUIET_S:
                return


def _bare_row(venue: Venue, bare: Bare) -> Row:
    return {
        "venue": venue.value,
        "what": "ccxt alone",
        "accounts": bare.orders // ORDERS,
        "planned s": 0.0,
        "first sent s": 0.0,
        "acknowledged s": bare.seconds,
        "protected s": bare.seconds,
        "orders/s": bare.orders / bare.seconds,
        "of bare": 1.0,
        "orders/CPU s": bare.orders / bare.cpu_s,
        "CPU of bare": 1.0,
        "fills apart s": 0.0,
    }


def _row(venue: Venue, what: str, traded: Traded, bare: Bare) -> Row:
    per_s, per_cpu_s = traded.orders / traded.protected_s, traded.orders / traded.cpu_s
    return {
        "venue": venue.value,
        "what": what,
        "accounts": traded.members,
        "planned s": traded.planned_s,
        "first sent s": traded.first_sent_s,
        "acknowledged s": traded.acknowledged_s,
        "protected s": traded.protected_s,
        "orders/s": per_s,
        "of bare": per_s / (bare.orders / bare.seconds),
        "orders/CPU s": per_cpu_s,
        "CPU of bare": per_cpu_s / (bare.orders / bare.cpu_s),
        "fills apart s": traded.spread_s,
    }
