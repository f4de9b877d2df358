"""Calls that the venue holds back until the stepped clock says so, and whose they are."""

import asyncio
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta

import attrs

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange, Sleep
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Call, FaultPlan, Harm
from cbc_adapters.system.stepped.shared import SharedClock
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.system import Clock
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Leg

CALLING: ContextVar[AccountId] = ContextVar("calling")
"""The account of the call that is served; each is a task of its own."""


class Waiters:
    """Calls that wait for a moment; mutable because they come and go."""

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock
        self._until: list[tuple[datetime, AccountId, asyncio.Event]] = []

    async def sleep(self, by: timedelta) -> None:
        over = asyncio.Event()
        self._until.append((self._clock.now() + by, CALLING.get(), over))
        await over.wait()

    def wake(self) -> None:
        now = self._clock.now()
        for until, _, over in self._until:
            if until <= now:
                over.set()
        self._until = [waiter for waiter in self._until if waiter[0] > now]

    def hold(self, accounts: Collection[AccountId]) -> bool:
        """Whether each of these accounts waits for a call: nothing happens for it before time moves on."""
        return set(accounts) <= {account for _, account, _ in self._until}

    @property
    def next(self) -> datetime | None:
        return min((until for until, _, _ in self._until), default=None)


@attrs.define
class Noted:
    """A call as the venue saw it; mutable because its end comes later. `harms` None: it did not get through."""

    account: AccountId
    call: Call
    leg: Leg | None
    begun: datetime
    harms: Sequence[Harm] | None = None
    ended: datetime | None = None


class AttributedExchange(SimulatedExchange):
    """Notes every call, and for whom it is made before anything holds it back; mutable for that."""

    def __init__(self, venue: SimulatedVenue, clock: Clock, faults: FaultPlan, sleep: Sleep) -> None:
        super().__init__(venue, clock, faults=faults, sleep=sleep, opening_balance=None)
        self.noted: list[Noted] = []

    async def _before(self, call: Call, account: ExchangeAccount, leg: Leg | None = None) -> tuple[Harm, ...]:
        CALLING.set(account.id)
        noted = Noted(account.id, call, leg, self._clock.now())
        self.noted.append(noted)
        try:
            noted.harms = harms = await super()._before(call, account, leg)
        finally:
            noted.ended = self._clock.now()
        return harms
