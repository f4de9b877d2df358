"""How many alerts a second the webhook takes in, beside an empty handler that does one commit."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Final

from tests.bench.load import Load, Post, post_all, together
from tests.bench.table import Row, Size, Table

CONNECTIONS: Final = 16
ROUNDS: Final = {Size.QUICK: 2, Size.FULL: 5}
REQUESTS: Final = {Size.QUICK: 300, Size.FULL: 3_000}
"""In one round, of each kind; the kinds take turns, so that a moment's load of the machine meets both."""

_numbers: Final = count(1)


async def measure(size: Size) -> Table:
    """Both in one process, over one pool, asked in turns by the same client from another process."""
    async with _served() as places:
        real, empty = places["real"], places["empty"]
        for url, posts in ((empty, _empties(REQUESTS[Size.QUICK])), (real, _alerts(places["secret"], REQUESTS[Size.QUICK]))):
            await post_all(url, posts, CONNECTIONS)
        empties, alerts = list[Load](), list[Load]()
        for _ in range(ROUNDS[size]):
            empties.append(await post_all(empty, _empties(REQUESTS[size]), CONNECTIONS))
            alerts.append(await post_all(real, _alerts(places["secret"], REQUESTS[size]), CONNECTIONS))
    base = together(empties)
    return Table(
        "Webhook: distinct opens taken in, beside an empty handler with one commit",
        [_row("empty handler, one commit", base, base), _row("webhook, one open each", together(alerts), base)],
        [
            f"{CONNECTIONS} connections, one process that serves, PostgreSQL with fsync on, all on one machine.",
            "An open: secret looked up, alert understood, limits, turn of its symbol, signal, job and event in one commit.",
        ],
    )


@asynccontextmanager
async def _served() -> AsyncIterator[Mapping[str, str]]:
    with tempfile.TemporaryDirectory() as directory:
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.webhook_server",
            directory,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert server.stdin is not None and server.stdout is not None
        try:
            yield json.loads(await server.stdout.readline())
        finally:
            server.stdin.close()
            await server.wait()


def _alerts(secret: str, number: int) -> Sequence[Post]:
    fired = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"  # noqa: TID251 - a real server runs on real time
    return [Post(f"/api/webhooks/signal/{secret}", _alert(f"A{next(_numbers)}USDT", fired)) for _ in range(number)]


def _alert(symbol: str, fired: str) -> bytes:
    return json.dumps(
        {"ticker": symbol, "signal": "SINAL LONG FORTE", "time": fired, "close": "60000", "rsi_15": "55", "rsi_4h": "52"}
    ).encode()


def _empties(number: int) -> Sequence[Post]:
    return [Post("/empty", b"{}")] * number


def _row(name: str, load: Load, base: Load) -> Row:
    return {
        "what": name,
        "requests": len(load.each),
        "per second": load.per_second,
        "p50 ms": load.quantile_ms(0.5),
        "p99 ms": load.quantile_ms(0.99),
        "of the empty handler": load.per_second / base.per_second,
    }
