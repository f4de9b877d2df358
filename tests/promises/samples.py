"""Sample values that are in a store already, and what tests of stores share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import attrs

from cbc_domain.identity.model import Member
from cbc_domain.kernel.venues import Environment, Side, Symbol
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.signals.model import Signal
from cbc_domain.trading.model import Ordered
from tests.promises.sample_values import BTC as BTC
from tests.promises.sample_values import DAY as DAY
from tests.promises.sample_values import ETH as ETH
from tests.promises.sample_values import MINUTE as MINUTE
from tests.promises.sample_values import NOW as NOW
from tests.promises.sample_values import SECOND as SECOND
from tests.promises.sample_values import Place as Place
from tests.promises.sample_values import SampleValues
from tests.promises.sample_values import brl as brl
from tests.promises.sample_values import closed as closed
from tests.promises.sample_values import digest as digest
from tests.promises.sample_values import held as held
from tests.promises.sample_values import usd as usd


@asynccontextmanager
async def committed(store: Store) -> AsyncIterator[UnitOfWork]:
    """A unit of work that commits when its lines are done."""
    async with store() as work:
        yield work
        await work.commit()


class Samples(SampleValues):
    """Makes sample values and puts them where a test needs them."""

    async def joined(self, store: Store, email: str | None = None) -> Member:
        """A member who is stored."""
        credential = self.credential(email)
        async with committed(store) as work:
            assert await work.people.add(credential, Membership(credential.member.id, PlanCode.FLEX_BR, NOW - DAY))
        return credential.member

    async def place(self, store: Store, environment: Environment = Environment.LIVE) -> Place:
        """A stored member with an account, and a stored signal of a stored strategy."""
        member, strategy = await self.joined(store), self.strategy()
        account, signal = self.account(member, environment), self.signal(strategy)
        async with committed(store) as work:
            await work.people.add_account(account)
            await work.signals.add_strategy(strategy, self.secret(strategy))
            await work.signals.add(signal)
        return Place(member, account, strategy, signal)

    async def neighbour(self, store: Store, place: Place, environment: Environment = Environment.LIVE) -> Place:
        """Another stored member with an account, before the same signal."""
        member = await self.joined(store)
        account = self.account(member, environment)
        async with committed(store) as work:
            await work.people.add_account(account)
        return attrs.evolve(place, member=member, account=account)

    async def heard(self, store: Store, place: Place, symbol: Symbol = BTC, received_at: datetime = NOW) -> Signal:
        """Another stored signal of the same strategy."""
        signal = self.signal(place.strategy, symbol=symbol, received_at=received_at)
        async with committed(store) as work:
            await work.signals.add(signal)
        return signal

    async def opened(
        self,
        store: Store,
        place: Place,
        symbol: Symbol = BTC,
        side: Side = Side.LONG,
        created_at: datetime = NOW,
        base: int = 450,
    ) -> Ordered:
        """A stored intent, made by a signal of its own."""
        signal = await self.heard(store, place, symbol, created_at)
        part = self.ordered(self.position(place, symbol, side, created_at, signal), base)
        async with committed(store) as work:
            await work.planning.record([part], [], created_at)
        return part
