"""The worker side of background jobs: runs each at least once, again after a failure, and again after a dead worker."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

import asyncpg
from pgqueuer import AsyncpgDriver, Job, PgQueuer, RetryRequested
from pgqueuer.errors import FailingListenerError
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_domain.kernel.errors import Unavailable

Handler: TypeAlias = Callable[[Mapping[str, str]], Awaitable[None]]

POLL: Final = timedelta(seconds=1)
"""How often a worker looks by itself; a new job wakes it at once."""
HEARTBEAT: Final = timedelta(seconds=6)
"""A job without a sign of life for this long belongs to a dead worker: with the poll it runs again within 10 s."""
MOST_ATTEMPTS: Final = 12
"""Failures after which a job is set aside as `failed`, to be looked at; the pauses before add up to four minutes."""
_FIRST_PAUSE: Final = timedelta(milliseconds=200)
_LONGEST_PAUSE: Final = timedelta(minutes=1)
_RECONNECT_AFTER_S: Final = 0.5

_LOG: Final = logging.getLogger(__name__)


class JobRunner:
    """Runs the jobs of its handlers until `stop`; holds one connection of the engine's pool while it runs.

    Handlers are called by job name with the payload, at most `at_once` at a time (even, 2 or more), and must be
    idempotent: at least once is the promise. Mutable: it knows whether it was told to stop.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        handlers: Mapping[str, Handler],
        at_once: int = 10,
        *,
        poll: timedelta = POLL,
        heartbeat: timedelta = HEARTBEAT,
    ) -> None:
        self._engine = engine
        self._handlers = handlers
        self._at_once = at_once
        self._poll, self._heartbeat = poll, heartbeat
        self._stopping = asyncio.Event()
        self._running: PgQueuer | None = None

    async def run(self) -> None:
        """Work until `stop`, connecting again whenever the database was away; running jobs are finished first."""
        while not self._stopping.is_set():
            try:
                await self._serve()
            except (
                OSError,
                asyncpg.PostgresConnectionError,
                asyncpg.InterfaceError,
                # What asyncpg calls it when the connection goes in the middle of a statement.
                asyncpg.InternalClientError,
                FailingListenerError,
                Unavailable,
            ) as fault:
                _LOG.warning("jobs.database_away: was %s", type(fault).__name__)
                await self._pause(_RECONNECT_AFTER_S)

    def stop(self) -> None:
        """Take no further jobs; `run` returns when the running ones are done."""
        self._stopping.set()
        if self._running is not None:
            self._running.shutdown.set()

    async def _serve(self) -> None:
        async with self._engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            self._running = PgQueuer(AsyncpgDriver(raw))
            for name, handler in self._handlers.items():
                self._running.entrypoint(name, accepts_context=False, on_failure="hold")(_attempt(name, handler))
            try:
                if not self._stopping.is_set():
                    await self._running.run(
                        dequeue_timeout=self._poll,
                        heartbeat_timeout=self._heartbeat,
                        batch_size=self._at_once // 2,
                        max_concurrent_tasks=self._at_once,
                        shutdown_on_listener_failure=True,
                    )
            finally:
                self._running = None
                # It still listens: nobody else may get it from the pool.
                await connection.invalidate()

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _attempt(name: str, handler: Handler) -> Callable[[Job], Awaitable[None]]:
    async def attempt(job: Job) -> None:
        try:
            await handler(json.loads(job.payload or b"{}"))
        except asyncio.CancelledError:
            # Left alone, a cancelled job counts as done; it was promised to run.
            raise RetryRequested(reason="cancelled") from None
        except Exception as fault:
            _LOG.warning("job.failed", exc_info=True, extra={"job": name, "attempt": job.attempts + 1})
            if job.attempts + 1 >= MOST_ATTEMPTS:
                raise
            raise RetryRequested(delay=_pause_after(job.attempts), reason=type(fault).__name__) from fault

    return attempt


def _pause_after(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << attempts), _LONGEST_PAUSE)
