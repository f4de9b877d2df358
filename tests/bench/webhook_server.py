"""The real API on a PostgreSQL of its own with fsync on, and beside it an application that does one commit and nothing else."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from dependency_injector import providers
from litestar import Litestar, post
from sqlalchemy import Column, DateTime, MetaData, Table, Text, Uuid, insert, text
from sqlalchemy.schema import CreateTable

from cbc_adapters.cache.memory.throttle import MemoryThrottle
from cbc_adapters.persistence.postgres.engine import open_engine
from cbc_entrypoints import logs
from cbc_entrypoints.http.app import create_app
from cbc_entrypoints.http.server import open_socket, serving
from cbc_entrypoints.live import Live, live
from cbc_entrypoints.paper import paper_exchange
from cbc_entrypoints.settings import Settings

SOMETHING = Table(
    "bench_something",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("body", Text, nullable=False),
)


class Roomy(MemoryThrottle):
    """Counts as the real one does, and lets ten thousand times as much pass (SIG-36, SIG-45 would end a measurement)."""

    async def take(self, bucket: str, capacity: int, per: timedelta, now: datetime) -> timedelta | None:
        return await super().take(bucket, capacity * 10_000, per, now)


def empty(here: Live) -> Litestar:
    """A handler that writes one row through the same pool, commits, and answers."""

    @post("/empty", status_code=202)
    async def write() -> dict[str, str]:
        identity: UUID = here.platform.identities().new()
        async with here.engine.begin() as connection:
            await connection.execute(insert(SOMETHING).values(id=identity, at=here.platform.clock().now(), body="something"))
        return {"id": str(identity)}

    return Litestar([write], logging_config=None, openapi_config=None)


@asynccontextmanager
async def both(directory: Path) -> AsyncIterator[dict[str, str]]:
    """Both applications in one process, as `cbc api` starts its own."""
    settings = Settings(data_dir=directory, log_level="warning")
    logs.configure(settings.log_format, settings.log_level)
    async with paper_exchange(settings) as exchange, live(settings, exchange) as here:
        here.platform.throttle.override(providers.Object(Roomy()))
        await _prepare(here.database_url)
        _, secret = await here.platform.create_strategy()("Measured", timedelta(minutes=30))
        async with (
            serving(create_app(here.platform), open_socket("127.0.0.1", 0)) as real,
            serving(empty(here), open_socket("127.0.0.1", 0)) as beside,
        ):
            yield {"real": real, "empty": beside, "secret": secret}


async def _prepare(url: str) -> None:
    # The owner's connection: the one that serves may not change the schema.
    owner = open_engine(url, pool_size=1)
    async with owner.begin() as connection:
        await connection.execute(CreateTable(SOMETHING))
        await connection.execute(text("GRANT INSERT ON bench_something TO PUBLIC"))
    await owner.dispose()


async def main(directory: Path) -> None:
    """Serve until standard input ends; the first line printed says where."""
    async with both(directory) as places:
        sys.stdout.write(json.dumps(places) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
