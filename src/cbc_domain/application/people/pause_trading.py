"""A member stops and resumes his own opens; protection and closes go on (RSK-20, scope user; RSK-01)."""

import attrs

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import Reason


@attrs.frozen
class PauseTrading:
    """Setting what is set already changes nothing.

    Resuming with `stepped_up` ends a drawdown pause too, and only then (RSK-01).
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, *, paused: bool, reason: str | None, stepped_up: bool = False) -> None:
        now = self.clock.now()
        name = EventName.RISK_PAUSED if paused else EventName.RISK_RESUMED
        async with self.store() as work:
            if await work.people.paused(member) != paused:
                await work.people.pause(member, paused, reason, now)
                await work.outbox.add([Event(EventId(self.identities.new()), name, member, now, {"actor": str(member)})])
            if stepped_up and not paused:
                await self._resume_after_drawdown(member, work)
            await work.commit()

    async def _resume_after_drawdown(self, member: MemberId, work: UnitOfWork) -> None:
        now = self.clock.now()
        for environment in await work.planning.resume_after_drawdown(member, now):
            data = {"actor": str(member), "environment": environment.value, "reason": Reason.DRAWDOWN_PAUSE.value}
            await work.outbox.add([Event(EventId(self.identities.new()), EventName.RISK_RESUMED, member, now, data)])
