"""Pause opens in the platform's own name; only a person lifts it, with a reason (RSK-22)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId
from cbc_domain.ports.persistence.unit_of_work import UnitOfWork
from cbc_domain.ports.system import Identities
from cbc_domain.risk.model import Stop, StopLevel, StopScope

ACTOR: Final = "system"


def pause(scope: StopScope, target: str | None, reason: str, now: datetime) -> Stop:
    """A pause that the platform wants of itself."""
    return Stop(scope, target, StopLevel.PAUSE, reason, ACTOR, now)


async def pause_opens(work: UnitOfWork, wanted: Iterable[Stop], identities: Identities) -> int:
    """Set the pauses that are not in force, and tell of them; answer how many that were.

    A stop that is in force already, of whatever level and whoever set it, is left as it is.
    """
    in_force = {(stop.scope, stop.target) for stop in await work.configuration.stops()}
    new = {(stop.scope, stop.target): stop for stop in wanted if (stop.scope, stop.target) not in in_force}
    for stop in new.values():
        await work.configuration.set_stop(stop)
    await work.outbox.add([_told(stop, identities) for stop in new.values()])
    return len(new)


def _told(stop: Stop, identities: Identities) -> Event:
    new, told = identities.new(), {"scope": stop.scope.value, "target": stop.target or "*", "level": stop.level.value}
    data = {**told, "actor": stop.actor, "reason": stop.reason}
    return Event(EventId(new), EventName.EMERGENCY_CHANGED, new, stop.since, data)
