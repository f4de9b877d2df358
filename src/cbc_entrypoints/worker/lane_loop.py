"""The executor's loop: follow the venues, work the lane, rest when there is nothing (PRI-04)."""

import asyncio
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


class LaneLoop:
    """Counts its dequeues, which is why it is mutable; a failed round is logged and tried again, its tasks keep their lease."""

    def __init__(self, platform: Platform, *, rest_s: float = REST_S, recover_s: float = RECOVER_S) -> None:
        """It rests when there was nothing to do, and recovers after a failed round."""
        self._rest_s, self._recover_s = rest_s, recover_s
        self._follow = platform.apply_fills()
        self._work = platform.place_orders()
        self._dequeues = 0

    async def round(self) -> int:
        """Take in what the venues told and one batch of tasks; answer how much there was to do."""
        heard = await self._follow()
        self._dequeues += 1
        rehearsal = prefers_rehearsal(0, SLOTS, self._dequeues)
        worked = await self._work(BATCH, rehearsal_first=rehearsal)
        return heard + worked

    async def run(self, stop: asyncio.Event) -> None:
        """Go round until `stop`; a round that has begun is finished."""
        while not stop.is_set():
            try:
                rest = 0.0 if await self.round() else self._rest_s
            except DomainError as fault:
                log.warning("lane.failed", code=fault.code, detail=fault.detail)
                rest = self._recover_s
            except Exception:
                log.exception("lane.crashed")
                rest = self._recover_s
            await asyncio.sleep(rest)
