"""What happens by the clock: sweeps, seals, expiries; each is harmless when several workers do it (OPS-11)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import attrs
import structlog

from cbc_domain.kernel.errors import DomainError
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.worker.role import Role

log = structlog.get_logger()


@attrs.frozen
class Schedule:
    """One recurring act; `every` is counted from the end of one run to the start of the next."""

    name: str
    role: Role
    every: timedelta
    act: Callable[[], Awaitable[object]]

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.act()
            except DomainError as fault:
                log.warning("schedule.failed", schedule=self.name, code=fault.code, detail=fault.detail)
            except Exception:
                log.exception("schedule.crashed", schedule=self.name)
            try:
                await asyncio.wait_for(stop.wait(), self.every.total_seconds())
            except TimeoutError:
                continue


def schedules(platform: Platform, role: Role) -> tuple[Schedule, ...]:
    known = (
        Schedule("reconcile", Role.EXECUTE, timedelta(seconds=30), platform.reconcile()),
        Schedule("settle", Role.MONEY, timedelta(minutes=1), platform.settle_trades()),
        Schedule("seal_and_prove", Role.MONEY, timedelta(seconds=60), _proof(platform)),
        Schedule("expire_credit", Role.MONEY, timedelta(hours=1), platform.expire_credit()),
    )
    return tuple(schedule for schedule in known if role.covers(schedule.role))


def _proof(platform: Platform) -> Callable[[], Awaitable[object]]:
    async def prove() -> None:
        health = await platform.check_invariants()()
        if not health.holds:
            log.error("invariants.broken", proof=str(health.proof), unprotected=health.unprotected)

    return prove
