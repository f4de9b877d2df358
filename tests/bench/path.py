"""The whole path of one signal for many members on the paper exchange: from the webhook to the last order acknowledged."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs
from sqlalchemy import text

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION, START_PRICES
from cbc_adapters.exchange.simulated.service import served
from cbc_adapters.persistence.embedded.server import EmbeddedPostgres
from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Symbol
from cbc_entrypoints import logs
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.paper import JOURNAL, SOCKET, paper_exchange
from cbc_entrypoints.settings import Settings
from tests.bench.load import Post, post_all, quantile
from tests.bench.processes import CBC, environment_of, running
from tests.bench.table import Row, Size, Table
from tests.bench.traders import allow_longs, open_business

MEMBERS: Final = {Size.QUICK: 100, Size.FULL: 1_000}
SIGNALS: Final = {Size.QUICK: 1, Size.FULL: len(DEMONSTRATION) - 1}
"""One for each coin, one after another, each closed before the next begins; one more goes first and is not counted."""

WORKERS: Final = (1, 2)
TAKES_PROFIT: Final = Decimal("1.2")
"""A rise that reaches every member's target."""

PATIENCE_S: Final = 300
LOOK_EVERY_S: Final = 0.1

STAGES: Final = ("received", "decided", "planned", "first sent", "last acknowledged", "last protected")
"""In this order; each begins where the one before ends, the first when the alert is sent."""

_TIMES: Final = text("""
SELECT signals.received_at, signals.decided_at, max(orders.created_at), min(orders.sent_at), max(orders.acked_at),
       max(positions.protected_at), count(positions.protected_at),
       (SELECT count(*) FROM decisions WHERE decisions.signal = signals.id),
       (SELECT count(*) FROM tasks WHERE tasks.signal = signals.id AND state IN ('WAITING', 'LEASED'))
FROM signals
LEFT JOIN positions ON positions.signal = signals.id
LEFT JOIN orders ON orders.position = positions.id AND orders.leg = 'e'
WHERE signals.id = CAST(:signal AS uuid) GROUP BY signals.id
""")
_OPEN: Final = text("SELECT count(*) FROM positions WHERE state NOT IN ('CLOSED', 'LIQUIDATED', 'ABANDONED')")


@attrs.frozen
class Journey:
    """When one signal reached each stage, in milliseconds after it was sent, and how many members it was traded for."""

    reached: Mapping[str, float]
    members: int

    def took(self, stage: str) -> float:
        """Milliseconds of one stage alone; a stage that overlaps the one before counts from where that one ended."""
        place = STAGES.index(stage)
        return self.reached[stage] - (self.reached[STAGES[place - 1]] if place else 0)


async def measure(size: Size) -> Table:
    """Each number of workers has members, database and paper exchange of its own."""
    rows: list[Row] = []
    for workers in WORKERS:
        rows += _rows(workers, await _journeys(MEMBERS[size], SIGNALS[size], workers))
    return Table(
        f"Whole path: one signal to {MEMBERS[size]:,} members on the paper exchange, over {SIGNALS[size]} signals",
        rows,
        [
            "API, workers and paper exchange are processes of their own over one PostgreSQL with fsync on, all on one machine.",
            "Acknowledged is the entry, which carries stop and target; protected is the position, at the price it was filled.",
            "Stages follow one another; planned is the time of the last intent.",
        ],
    )


async def _journeys(members: int, signals: int, workers: int) -> Sequence[Journey]:
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await stack.enter_async_context(EmbeddedPostgres(directory / "database").start())
        settings = Settings(data_dir=directory, database_url=url, log_level="warning")
        logs.configure(settings.log_format, settings.log_level)
        environment = environment_of(settings)
        floor = await stack.enter_async_context(_trading_floor(settings))
        exchange = await stack.enter_async_context(paper_exchange(settings))
        here = await stack.enter_async_context(live(settings, exchange))
        secret = await open_business(here.platform, members)
        api = await stack.enter_async_context(running([CBC, "api", "--port", "0"], "API ", environment))
        for _ in range(workers):
            await stack.enter_async_context(running([CBC, "worker"], "worker ", environment))
        path = f"/api/webhooks/signal/{secret}"
        coins = [instrument.symbol for instrument in DEMONSTRATION[: signals + 1]]
        return [await _journey(here, floor, api.told + path, coin, members) for coin in coins][1:]


async def _journey(here: Live, floor: SimulatedVenue, webhook: str, symbol: Symbol, members: int) -> Journey:
    await allow_longs(here.platform)
    sent = here.platform.clock().now()
    signal = await _alert(here, webhook, symbol, sent)
    times, traded = await _until_done(here, signal, members)
    # All gain, so that no limit on losses keeps anybody away from the next signal, and not so much that the commission
    # would take what the members have paid in.
    floor.set_price(symbol, floor.marks[symbol].price * TAKES_PROFIT, here.platform.clock().now())
    await _until_flat(here)
    reached = {stage: (time - sent) / timedelta(milliseconds=1) for stage, time in zip(STAGES, times, strict=True)}
    return Journey(reached, traded)


@asynccontextmanager
async def _trading_floor(settings: Settings) -> AsyncIterator[SimulatedVenue]:
    """The paper exchange of the directory, with prices that stand still: no stop may be struck in the middle."""
    clock = SystemClock()
    with closing(SimulatedVenue(DEMONSTRATION, journal_file=settings.data_dir / JOURNAL)) as venue:

        async def tell_prices() -> None:
            while True:
                for symbol, price in START_PRICES.items():
                    venue.set_price(symbol, venue.marks[symbol].price if symbol in venue.marks else price, clock.now())
                await asyncio.sleep(1)

        async with served(SimulatedExchange(venue, clock), settings.data_dir / SOCKET), asyncio.TaskGroup() as group:
            telling = group.create_task(tell_prices())
            yield venue
            telling.cancel()


async def _alert(here: Live, webhook: str, symbol: Symbol, now: datetime) -> str:
    address = urlsplit(webhook)
    price = str(START_PRICES[symbol])
    body = {"ticker": symbol, "signal": "SINAL LONG FORTE", "time": f"{now:%Y-%m-%d %H:%M:%S}", "close": price, "rsi_15": "55"}
    await post_all(f"http://{address.netloc}", [Post(address.path, json.dumps(body).encode())], 1)
    async with here.engine.connect() as connection:
        return str(await connection.scalar(text("SELECT id FROM signals ORDER BY id DESC LIMIT 1")))


async def _until_done(here: Live, signal: str, members: int) -> tuple[Sequence[datetime], int]:
    """On a machine too slow for them all some orders expire; they are not waited for, and the table shows it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with here.engine.connect() as connection:
                *times, protected, decided, waiting = (await connection.execute(_TIMES, {"signal": signal})).one()
            if protected and decided == members and not waiting:
                return times, protected
            await asyncio.sleep(LOOK_EVERY_S)


async def _until_flat(here: Live) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with here.engine.connect() as connection:
                if await connection.scalar(_OPEN) == 0:
                    return
            await asyncio.sleep(LOOK_EVERY_S)


def _rows(workers: int, journeys: Sequence[Journey]) -> Sequence[Row]:
    whole = [journey.reached["last acknowledged"] for journey in journeys]
    rows = [_row(workers, journeys, f"… {stage}", [journey.took(stage) for journey in journeys]) for stage in STAGES]
    return [_row(workers, journeys, "webhook to last acknowledged", whole), *rows]


def _row(workers: int, journeys: Sequence[Journey], what: str, milliseconds: Sequence[float]) -> Row:
    whole = sum(journey.reached["last acknowledged"] for journey in journeys)
    return {
        "workers": workers,
        "stage": what,
        "fewest members": min(journey.members for journey in journeys),
        "p50 ms": quantile(milliseconds, 0.5),
        "p95 ms": quantile(milliseconds, 0.95),
        "of the whole": sum(milliseconds) / whole,
    }
