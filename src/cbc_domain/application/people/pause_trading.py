"""A member stops and resumes his own opens; protection and closes go on (RSK-20, scope user)."""

import attrs

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock, Identities


@attrs.frozen
class PauseTrading:
    """Setting what is set already changes nothing."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, *, paused: bool, reason: str | None) -> None:
        now = self.clock.now()
        name = EventName.RISK_PAUSED if paused else EventName.RISK_RESUMED
        async with self.store() as work:
            if await work.people.paused(member) != paused:
                await work.people.pause(member, paused, reason, now)
                await work.outbox.add([Event(EventId(self.identities.new()), name, member, now, {"actor": str(member)})])
            await work.commit()
