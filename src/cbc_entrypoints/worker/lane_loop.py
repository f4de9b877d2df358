"""The executor's loop: follow the venues, work the lane, rest when there is nothing (PRI-04)."""

import asyncio
from collections.abc import Awaitable
from typing import Final

import structlog

from cbc_domain.application.trading.place_orders import BATCH
from cbc_domain.kernel.errors import DomainError
from cbc_domain.trading.priority import prefers_rehearsal
from cbc_entrypoints.containers import Platform

log = structlog.get_logger()

REST_S: Final = 0.05
RECOVER_S: Final = 1.0
SLOTS: Final = 1
"""One dequeue at a time in a process; each takes a whole batch, and every fifth prefers rehearsal opens (PRI-04)."""

UNDER_WAY: Final = 64
OVERTAKEN_AFTER_S: Final = 0.1
"""A batch is over when the slowest of its calls has answered; after so long the next one begins beside it (POS-11).

So many at most: what is left of most of them are a few slow calls, and a venue that hangs altogether must not take ever more.
"""


class LaneLoop:
    """Counts its dequeues, which is why it is mutable; a failed round is logged and tried again, its tasks keep their lease."""

    def __init__(
        self,
        platform: Platform,
        *,
        rest_s: float = REST_S,
        recover_s: float = RECOVER_S,
        overtaken_after_s: float = OVERTAKEN_AFTER_S,
    ) -> None:
        """It rests when there was nothing to do, recovers after a failed round, and begins another beside a slow one."""
        self._rest_s, self._recover_s, self._overtaken_after_s = rest_s, recover_s, overtaken_after_s
        self._follow = platform.apply_fills()
        self._work = platform.place_orders()
        self._dequeues = 0

    async def round(self) -> int:
        """Take in what the venues told and one batch of tasks; answer how much there was to do."""
        return await self._follow() + await self._batch()

    async def run(self, stop: asyncio.Event) -> None:
        """Go round until `stop`; what has begun is finished. A slow venue holds up its own batch and not the next."""
        async with asyncio.TaskGroup() as group:
            under_way = set[asyncio.Task[int | None]]()
            while not stop.is_set():
                heard = await self._safely(self._follow())
                if len(under_way) < UNDER_WAY:
                    under_way.add(group.create_task(self._safely(self._batch())))
                over, under_way = await asyncio.wait(
                    under_way, timeout=self._overtaken_after_s, return_when=asyncio.FIRST_COMPLETED
                )
                await asyncio.sleep(self._rest([heard, *(batch.result() for batch in over)]))

    async def _batch(self) -> int:
        self._dequeues += 1
        return await self._work(BATCH, rehearsal_first=prefers_rehearsal(0, SLOTS, self._dequeues))

    async def _safely(self, act: Awaitable[int]) -> int | None:
        """How much there was to do; None when it failed."""
        try:
            return await act
        except DomainError as fault:
            log.warning("lane.failed", code=fault.code, detail=fault.detail)
        except Exception:
            log.exception("lane.crashed")
        return None

    def _rest(self, done: list[int | None]) -> float:
        if None in done:
            return self._recover_s
        return 0.0 if any(done) else self._rest_s
