"""Keep what the market sources said, each judged as it stood at its moment (MKT-31), and tell when it turned (MKT-32)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Final
from uuid import UUID

import attrs

from cbc_domain.application.trading.decide_signal import RECENT, day_before
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId
from cbc_domain.market.model import MarketReading, Observation
from cbc_domain.market.rules import judge
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Identities

MARKET: Final = UUID(int=0)
"""The subject of what happens to the market as a whole: there is only one."""


@attrs.frozen
class ObserveMarket:
    """Observations in the order of time; the same one again replaces the first."""

    store: Store
    identities: Identities

    async def __call__(self, observations: Sequence[Observation]) -> Sequence[MarketReading]:
        if not observations:
            return ()
        return await self.store.run(partial(self._keep, observations))

    async def _keep(self, observations: Sequence[Observation], work: UnitOfWork) -> Sequence[MarketReading]:
        first, last = observations[0].at, observations[-1].at
        recent = await work.signals.readings(first - RECENT, last)
        known = [*await work.signals.readings(*day_before(first, last)), *recent]
        fresh: list[MarketReading] = []
        for observation in observations:
            earlier = [one for one in (*known, *fresh) if one.observation.at < observation.at]
            fresh.append(judge(observation, earlier, observation.at))
        await work.signals.add_readings(fresh)
        course = [*(reading for reading in recent if reading.observation.at < first), *fresh]
        await work.outbox.add(self._turns(course, first))
        return fresh

    def _turns(self, course: Sequence[MarketReading], first: datetime) -> list[Event]:
        """Nothing turns with the first reading there is: what was before it is not known."""
        return [
            self._event(EventName.DIRECTION_CHANGED, now.observation.at, {"from": before.direction, "to": now.direction})
            for before, now in pairwise(course)
            if now.observation.at >= first and now.direction is not before.direction
        ]

    def _event(self, name: EventName, at: datetime, data: Mapping[str, str]) -> Event:
        return Event(EventId(self.identities.new()), name, MARKET, at, data)
