"""Run the workers of one process until they are told to stop."""

import asyncio
import gc
from asyncio.sslproto import SSLProtocol
from typing import Final

from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_entrypoints.live import Live
from cbc_entrypoints.worker.jobs import errand_handlers, handlers
from cbc_entrypoints.worker.lane_loop import LaneLoop
from cbc_entrypoints.worker.role import Role
from cbc_entrypoints.worker.schedules import schedules

TLS_BUFFER: Final = 2**15
"""Bytes that asyncio keeps for each TLS connection as long as it lives, 256 KiB unless told. Nearly all connections of a worker
are private streams, whose messages have one; no connection can be told alone, so this is the program's choice."""

COLLECT_AFTER: Final = (20_000, 20, 20)
"""How many new objects there are before Python looks for circles among them, and how often among older ones. ccxt and
SQLAlchemy keep so much that a look at everything stops the loop for 0.3 s; at Python's own 700, 10 and 10 all looks took 16 %
of the processor time of a worker that trades for 100 accounts, and now they take 3 %."""


async def work(live: Live, role: Role, stop: asyncio.Event) -> None:
    """Do the work of a role: jobs, the order lane, schedules. Returns when `stop` is set and what had begun is done."""
    SSLProtocol.max_size = TLS_BUFFER
    gc.set_threshold(*COLLECT_AFTER)
    if role.covers(Role.EXECUTE):
        await live.get_ready()
    async with asyncio.TaskGroup() as group:
        for owned in (handlers(live.platform, role), errand_handlers(live.errands, live.platform, role)):
            if owned:
                runner = JobRunner(live.engine, owned)
                group.create_task(runner.run())
                group.create_task(_stop_with(runner, stop))
        if role.covers(Role.EXECUTE):
            group.create_task(LaneLoop(live.platform).run(stop))
        for schedule in schedules(live.platform, role):
            group.create_task(schedule.run(stop))


async def _stop_with(runner: JobRunner, stop: asyncio.Event) -> None:
    await stop.wait()
    runner.stop()
