"""What happens by the clock: sweeps, seals, expiries; each is harmless when several workers do it (OPS-11)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

import attrs
import structlog

from cbc_domain.application.trading.forget_bodies import CLEANED_EVERY
from cbc_domain.application.trading.sweep_accounts import RESTED
from cbc_domain.kernel.errors import DomainError, Unavailable
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.worker.role import Role

WATCH_RISKS: Final = "watch_risks"

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
            except Unavailable as fault:
                log.warning("schedule.failed", schedule=self.name, code=fault.code, detail=fault.detail)
            except DomainError as fault:
                # Nothing outside was away: somebody has to look at it (COM-12).
                log.error("schedule.refused", schedule=self.name, code=fault.code, detail=fault.detail)
            except Exception:
                log.exception("schedule.crashed", schedule=self.name)
            try:
                await asyncio.wait_for(stop.wait(), self.every.total_seconds())
            except TimeoutError:
                continue


def schedules(platform: Platform, role: Role) -> tuple[Schedule, ...]:
    known = (
        Schedule("reconcile", Role.EXECUTE, timedelta(seconds=30), platform.reconcile()),
        Schedule("sweep_accounts", Role.EXECUTE, timedelta(seconds=30), partial(platform.sweep_accounts(), RESTED)),
        Schedule("follow_accounts", Role.EXECUTE, timedelta(seconds=2), platform.follow_accounts()),
        Schedule("note_transfers", Role.EXECUTE, timedelta(minutes=1), platform.note_transfers()),
        Schedule(WATCH_RISKS, Role.EXECUTE, timedelta(minutes=1), platform.watch_risks()),
        Schedule("settle", Role.MONEY, timedelta(minutes=1), platform.settle_trades()),
        Schedule("seal_and_prove", Role.MONEY, timedelta(seconds=60), _proof(platform)),
        Schedule("review_results", Role.MONEY, timedelta(days=1), platform.review_results()),
        Schedule("expire_credit", Role.MONEY, timedelta(hours=1), platform.expire_credit()),
        Schedule("verify_keys", Role.EXECUTE, timedelta(minutes=1), platform.verify_due_keys()),
        Schedule("forget_bodies", Role.INGEST, CLEANED_EVERY, platform.forget_bodies()),
    )
    return tuple(schedule for schedule in known if role.covers(schedule.role))


def _proof(platform: Platform) -> Callable[[], Awaitable[object]]:
    async def prove() -> None:
        health = await platform.check_invariants()(whole=False)
        if not health.holds:
            log.error("invariants.broken", faults=health.proof.faults[:10], unprotected=health.unprotected)

    return prove
