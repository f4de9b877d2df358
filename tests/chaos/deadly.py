"""Store and exchange of a worker that may be killed before and after everything it does with them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Sized
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import TypeVar

import attrs

from cbc_domain.application.trading.place_orders import Round, Written
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import (
    ClosedResult,
    Ending,
    Exchange,
    Holding,
    OpenOrder,
    Report,
    Ticket,
    Travelled,
    VenueStanding,
)
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote
from tests.chaos.points import ENDED, INTENDED, PLACED, STREAM, unit_name
from tests.chaos.traps import Traps

T = TypeVar("T")


@attrs.frozen
class DeadlyStore:
    """A unit that found nothing to do is no step of anything, and nobody dies of it."""

    inner: Store
    traps: Traps

    def __call__(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.inner()

    async def run(self, act: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        name = unit_name(act)
        if name is None:
            return await self.inner.run(act)

        async def dangerous(work: UnitOfWork) -> T:
            result = await act(work)
            for step in steps_of(name, result):
                self.traps.step(f"before {step}")
            return result

        result = await self.inner.run(dangerous)
        for step in steps_of(name, result):
            self.traps.step(f"after {step}")
        return result


def steps_of(name: str, result: object) -> Sequence[str]:
    """What a unit of work did, by the names of the points: a wave of answers intends protection, ends tasks, or both."""
    if isinstance(result, Written):
        return [step for step, done in ((INTENDED, result.intended), (ENDED, result.ended)) if done]
    return [name] if did_something(result) else []


def did_something(result: object) -> bool:
    match result:
        case Round():
            return bool(result.claims)
        case (int(settled), [*faults]):
            return settled > 0 or bool(faults)
        case Sized():
            return len(result) > 0
        case _:
            return True


@attrs.frozen
class DeadlyExchange:
    inner: Exchange
    traps: Traps

    async def instrument(
        self, venue: Venue, environment: Environment, symbol: Symbol, *, hurried: bool = False
    ) -> Instrument | None:
        return await self.inner.instrument(venue, environment, symbol)

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        return await self.inner.quote(venue, environment, symbol, ago)

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        return await self._step("balances are read", self.inner.readings(accounts))

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        return self.inner.attached_legs(venue)

    def takes_stop_first(self, venue: Venue) -> bool:
        return self.inner.takes_stop_first(venue)

    def forgets_ids(self, venue: Venue) -> bool:
        return self.inner.forgets_ids(venue)

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        await self.inner.prepare(account, symbol, side, leverage)

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        return await self._step(PLACED[ticket.leg], self.inner.place(account, ticket, attached))

    async def find(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> Report | None:
        return await self._step("an order is asked for", self.inner.find(account, symbol, client_id, travelled))

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        return await self._step("an order is cancelled", self.inner.cancel(account, symbol, client_id, travelled))

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        return await self._step("a holding is asked for", self.inner.holding(account, symbol, side))

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        return await self._step("a closing is asked for", self.inner.ending(account, symbol, side, since))

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        return await self._step("a result is asked for", self.inner.closed_result(account, symbol, side, since, until))

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        return await self.inner.open_orders(account)

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        return await self.inner.transfers(account, since)

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        await self.inner.follow(accounts)

    async def changes(self, most: int) -> Sequence[Report]:
        reports = await self.inner.changes(most)
        if reports:
            self.traps.step(f"after {STREAM}")
        return reports

    async def standings(self) -> Sequence[VenueStanding]:
        return await self.inner.standings()

    async def _step(self, name: str, call: Awaitable[T]) -> T:
        self.traps.step(f"before {name}")
        try:
            return await call
        finally:
            # An answer that is a refusal is an answer too.
            self.traps.step(f"after {name}")
