"""Play a world on a stage: post alerts over HTTP, let the workers work, let prices move, until the last moment."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_adapters.persistence.postgres.job_runner import JobRunner
from cbc_adapters.persistence.postgres.jobs import unfinished_jobs
from cbc_domain.market.model import Observation
from cbc_entrypoints.demo.stage import Stage, keep_rate_fresh
from cbc_entrypoints.demo.world import Moment, World
from cbc_entrypoints.worker.jobs import Handler, handlers
from cbc_entrypoints.worker.lane_loop import LaneLoop
from cbc_entrypoints.worker.role import Role

LOOK_AGAIN_S: Final = 0.04
SECOND: Final = timedelta(seconds=1)
LONGEST_RETRY: Final = timedelta(seconds=130)
"""Opens end after 120 s (SIG-21); the simulated exchange lets everything else happen sooner."""
HOUSEKEEPING: Final = timedelta(hours=6)


@attrs.frozen
class Posted:
    """One alert as it was answered: HTTP status, the word or code of the answer, and latencies in milliseconds.

    `to_last_order_ms` is None for an alert that caused no order.
    """

    at: datetime
    status: int
    answer: str
    signal: str | None
    webhook_ms: int
    to_last_order_ms: int | None


class Play:
    """Drives one platform step by step; mutable because it remembers when the last order was worked on."""

    def __init__(self, stage: Stage, tell: Callable[[Posted, bytes], None]) -> None:
        self._stage = stage
        self._tell = tell
        self._lane = LaneLoop(stage.live.platform)
        self._worked_at: int | None = None
        self._kept_at = stage.clock.now()
        self._unheard: list[Observation] = []
        self._job_ran = asyncio.Event()

    async def __call__(self, world: World) -> list[Posted]:
        """Live through every moment of the world and answer what became of each alert."""
        posted: list[Posted] = []
        async with self._jobs():
            for moment in world.moments():
                posted += await self._live_through(moment)
            await self._settle_down()
        return posted

    async def _live_through(self, moment: Moment) -> list[Posted]:
        platform, clock = self._stage.live.platform, self._stage.clock
        clock.advance(to=max(moment.at, clock.now()))
        for symbol, bar in moment.bars.items():
            self._stage.venue.apply_candle(symbol, bar.open, bar.high, bar.low, bar.close, moment.at)
        if self._stage.venue.unread:
            await self._settle_down()
        self._unheard += moment.observations
        if moment.alerts or clock.now() - self._kept_at >= HOUSEKEEPING:
            await platform.observe_market()(self._unheard)
            self._unheard = []
        if clock.now() - self._kept_at >= HOUSEKEEPING:
            self._kept_at = clock.now()
            await keep_rate_fresh(self._stage.live, clock)
            await platform.expire_credit()()
            await platform.reconcile()()
            await self._settle_down()
        return [await self._post(body) for body in moment.alerts]

    async def _post(self, body: bytes) -> Posted:
        self._worked_at = None
        started = time.perf_counter_ns()
        answer = await self._stage.client.post(
            f"/api/webhooks/signal/{self._stage.secret}", content=body, headers={"Content-Type": "text/plain"}
        )
        answered = time.perf_counter_ns()
        await self._settle_down()
        told = answer.json()
        posted = Posted(
            at=self._stage.clock.now(),
            status=answer.status_code,
            answer="duplicate" if told.get("duplicate") else told.get("status") if answer.is_success else told["code"],
            signal=told.get("signal_id"),
            webhook_ms=_ms(answered - started),
            to_last_order_ms=None if (worked := self._last_work()) is None else _ms(worked - started),
        )
        self._tell(posted, body)
        return posted

    def _last_work(self) -> int | None:
        return self._worked_at

    async def _settle_down(self) -> None:
        """Let everything happen that waits, moving the clock by seconds for what is to be tried again."""
        await self._until_idle()
        clock, given_up = self._stage.clock, self._stage.clock.now() + LONGEST_RETRY
        while await self._waits_for_later() and clock.now() < given_up:
            clock.advance(by=SECOND)
            await self._until_idle()

    async def _until_idle(self) -> None:
        while True:
            if await self._lane.round():
                self._worked_at = time.perf_counter_ns()
            elif await unfinished_jobs(self._stage.live.engine):
                await self._next_job()
            elif not await self._lane.round():
                return

    async def _next_job(self) -> None:
        try:
            await asyncio.wait_for(self._job_ran.wait(), LOOK_AGAIN_S)
        except TimeoutError:
            return
        self._job_ran.clear()

    def _announced(self, handler: Handler) -> Handler:
        async def handle(payload: Mapping[str, str]) -> None:
            await handler(payload)
            self._job_ran.set()

        return handle

    async def _waits_for_later(self) -> bool:
        async with self._stage.live.platform.store()() as work:
            return (await work.lane.backlog(self._stage.clock.now())).later > 0

    @asynccontextmanager
    async def _jobs(self) -> AsyncIterator[None]:
        known = handlers(self._stage.live.platform, Role.ALL)
        runner = JobRunner(self._stage.live.engine, {name: self._announced(handler) for name, handler in known.items()})
        running = asyncio.create_task(runner.run())
        try:
            yield
        finally:
            runner.stop()
            await running


def _ms(nanoseconds: int) -> int:
    return round(nanoseconds / 1_000_000)
