"""Keep what the market sources said, each judged as it stood at its moment (MKT-31)."""

from collections.abc import Sequence
from functools import partial

import attrs

from cbc_domain.application.trading.decide_signal import RECENT, day_before
from cbc_domain.market.model import MarketReading, Observation
from cbc_domain.market.rules import judge
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork


@attrs.frozen
class ObserveMarket:
    """Observations in the order of time; the same one again replaces the first."""

    store: Store

    async def __call__(self, observations: Sequence[Observation]) -> Sequence[MarketReading]:
        if not observations:
            return ()
        return await self.store.run(partial(self._keep, observations))

    async def _keep(self, observations: Sequence[Observation], work: UnitOfWork) -> Sequence[MarketReading]:
        first, last = observations[0].at, observations[-1].at
        known = [
            *await work.signals.readings(*day_before(first, last)),
            *await work.signals.readings(first - RECENT, last),
        ]
        fresh: list[MarketReading] = []
        for observation in observations:
            earlier = [one for one in (*known, *fresh) if one.observation.at < observation.at]
            fresh.append(judge(observation, earlier, observation.at))
        await work.signals.add_readings(fresh)
        return fresh
