"""Decide once whether a signal may be traded, with the market as it stands (section 17)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import attrs

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, SignalId
from cbc_domain.market.model import MarketReading, Observation
from cbc_domain.market.rules import DOMINANCE_SPAN, FETCHED_WITHIN, LOOK_BACK, NEAR, judge
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import Reason
from cbc_domain.signals.decision import decide
from cbc_domain.signals.model import Signal, SignalStatus
from cbc_domain.trading.advice import last_instant

DECIDED_WITHIN: Final = timedelta(seconds=30)
"""An open that is not decided by then is EXPIRED; 30.000 s is in time (SIG-21)."""

COIN_HISTORY: Final = timedelta(hours=4)
RECENT: Final = LOOK_BACK[-1] + NEAR
"""How far back the history of the direction is looked at (MKT-21); the day before only around its moment (MKT-30)."""


@attrs.frozen
class DecideSignal:
    """Moves PENDING to PROCESSING, EXPIRED or REJECTED; a signal that is further already is returned as it is."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, signal_id: SignalId) -> Signal | None:
        return await self.store.run(partial(self._decide, signal_id))

    async def _decide(self, signal_id: SignalId, work: UnitOfWork) -> Signal | None:
        now = self.clock.now()
        signal = await work.signals.lock(signal_id)
        if signal is None or signal.status is not SignalStatus.PENDING:
            return signal
        decided = await self._decided(work, signal, now)
        await work.signals.save(decided)
        names = [EventName.SIGNAL_DECIDED]
        if decided.decision is not None and decided.decision.approved:
            names.append(EventName.SIGNAL_APPROVED)
        await work.outbox.add([self._event(decided, name, now) for name in names])
        return decided

    async def _decided(self, work: UnitOfWork, signal: Signal, now: datetime) -> Signal:
        if signal.kind.opens and now > last_instant(signal.received_at + DECIDED_WITHIN, signal.advised):
            return attrs.evolve(signal, status=SignalStatus.EXPIRED, reason=Reason.WINDOW_EXPIRED, decided_at=now)
        reading = await market_now(work, now)
        opposite = await work.signals.opposite_open_approved(signal, now - COIN_HISTORY) if signal.kind.opens else False
        switches = await work.configuration.switches()
        decision = decide(
            signal,
            reading,
            opposite,
            accept_weak=switches.accept_weak_signals,
            neutral_policy=switches.neutral_market_policy,
        )
        return attrs.evolve(
            signal,
            status=SignalStatus.PROCESSING,
            reason=None if decision.approved else decision.reason,
            decision=decision,
            reading=reading,
            decided_at=now,
        )

    def _event(self, signal: Signal, name: EventName, now: datetime) -> Event:
        return Event(
            id=EventId(self.identities.new()),
            name=name,
            subject=signal.id,
            occurred_at=now,
            data={"status": signal.status, "reason": signal.reason or "approved"},
        )


async def market_now(work: UnitOfWork, now: datetime) -> MarketReading:
    """Judge the newest observation by what is true now: what has become too old since counts as unknown (MKT-10)."""
    recent = await work.signals.readings(now - RECENT, now)
    # An extreme index decides alone for a day, also when nothing was read for an hour (MKT-01).
    readings = recent or await work.signals.readings(now - FETCHED_WITHIN, now)
    if not readings:
        return judge(Observation(at=now, fear_greed=None, pulse=None), (), now)
    yesterday = await work.signals.readings(*day_before(now, now))
    return judge(readings[-1].observation, [*yesterday, *readings[:-1]], now)


def day_before(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """Between which instants the readings of 24 hours before a stretch of time lie (MKT-30)."""
    return first - DOMINANCE_SPAN - NEAR, last - DOMINANCE_SPAN + NEAR
