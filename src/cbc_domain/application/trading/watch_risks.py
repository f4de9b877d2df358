"""Pause opens by itself when orders fail, a clock is off or the market is unknown; a person lifts it (RSK-22)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.trading.decide_signal import market_now
from cbc_domain.application.trading.pause_opens import pause, pause_opens
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.market.model import MarketCode, MarketReading
from cbc_domain.ports.exchange import Exchange, VenueStanding
from cbc_domain.ports.persistence.trades import OrderTally
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import Stop, StopScope

LOOKED_AT: Final = timedelta(minutes=5)
FEWEST_ORDERS: Final = 20
FAILED_SHARE: Final = Decimal("0.2")
MOST_SKEW: Final = timedelta(seconds=1)
"""EXC-07."""
UNKNOWN_FOR: Final = timedelta(minutes=15)
REMEMBERED: Final = timedelta(hours=6)
"""How far back a known direction is looked for; what was unknown for longer was paused long ago."""

UNKNOWN: Final = frozenset({MarketCode.FG_UNKNOWN, MarketCode.PULSE_UNKNOWN})


@attrs.frozen
class WatchRisks:
    """Harmless to repeat: a stop that is in force already, of whatever level and whoever set it, is left as it is."""

    store: Store
    exchange: Exchange
    clock: Clock
    identities: Identities

    async def __call__(self) -> int:
        """Answer how many pauses were set."""
        standings = await self.exchange.standings()
        return await self.store.run(partial(self._watch, standings))

    async def _watch(self, standings: Sequence[VenueStanding], work: UnitOfWork) -> int:
        now = self.clock.now()
        failed = failing(await work.trades.sent_since(now - LOOKED_AT), now)
        wanted = [*failed, *skewed(standings, now), *await _unknown(work, now)]
        return await pause_opens(work, wanted, self.identities)


def failing(tallies: Mapping[Venue, OrderTally], now: datetime) -> Iterator[Stop]:
    """Pause each venue of whose orders too many failed, and everything when that is true of several together."""
    for venue, tally in sorted(tallies.items()):
        if too_many_failed(tally):
            yield pause(StopScope.EXCHANGE, venue.value, f"{tally.failed} of {tally.sent} orders failed in 5 minutes", now)
    together = OrderTally(sum(one.sent for one in tallies.values()), sum(one.failed for one in tallies.values()))
    if len(tallies) > 1 and too_many_failed(together):
        yield pause(StopScope.GLOBAL, None, f"{together.failed} of {together.sent} orders failed in 5 minutes", now)


def skewed(standings: Sequence[VenueStanding], now: datetime) -> Iterator[Stop]:
    """Pause each venue whose clock and ours differ by more than a second.

    A venue's live clock speaks for it; that of its test environment only where live is not spoken to.
    """
    measured = {(one.venue, one.environment): one.skew for one in standings}
    for (venue, environment), skew in sorted(measured.items()):
        speaks = environment is Environment.LIVE or (venue, Environment.LIVE) not in measured
        if speaks and skew is not None and abs(skew) > MOST_SKEW:
            yield pause(StopScope.EXCHANGE, venue.value, f"its clock is {abs(skew) / timedelta(seconds=1):.1f} s off", now)


def too_many_failed(tally: OrderTally) -> bool:
    """20 orders are enough to judge by, a fifth of them is still permitted."""
    return tally.sent >= FEWEST_ORDERS and tally.failed > FAILED_SHARE * tally.sent


def unknown_too_long(readings: Sequence[MarketReading], now: datetime) -> bool:
    """Say whether no direction was known for more than 15 minutes; `readings` are oldest first, as far back as they go.

    A platform that never knew one has nothing to lose yet: every open is refused for it anyway.
    """
    known = [one.observation.at for one in readings if not _is_unknown(one)]
    return bool(known) and now - max(known) > UNKNOWN_FOR


async def _unknown(work: UnitOfWork, now: datetime) -> list[Stop]:
    if not _is_unknown(await market_now(work, now)):
        return []
    readings = await work.signals.readings(now - REMEMBERED, now)
    if not unknown_too_long(readings, now):
        return []
    return [pause(StopScope.GLOBAL, None, "market direction unknown for more than 15 minutes", now)]


def _is_unknown(reading: MarketReading) -> bool:
    return reading.code in UNKNOWN
