"""What happens around the platform, at the venue and in a worker's process, and what can be seen of it from outside."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_adapters.system.stepped.identities import SteppedIdentities
from cbc_domain.application.trading.absorb import News
from cbc_domain.application.trading.enter_position import Halts
from cbc_domain.application.trading.place_orders import LEASE
from cbc_domain.application.trading.receive_signal import Receipt
from cbc_domain.identity.model import Member
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.risk.model import ExchangeAccount, Stop
from cbc_domain.trading.model import Leg
from cbc_entrypoints.containers import Platform
from tests.fragile import AtVenue, FragileExchange

BTC: Final = Symbol("BTCUSDT")


@attrs.define
class Surroundings:
    """What a club runs on; mutable because the venue can be opened anew."""

    platform: Platform
    store: Store
    clock: SteppedClock
    identities: SteppedIdentities
    venue: SimulatedVenue
    exchange: FragileExchange

    async def trades(self, member: Member) -> Sequence[Trade]:
        """A member's trades, oldest first."""
        async with self.store() as unit:
            page = await unit.trades.positions_page(member.id, None, 200, None, None)
            return list(await unit.trades.trades([position.id for position in page.items], lock=False))

    async def account(self, member: Member) -> ExchangeAccount:
        async with self.store() as unit:
            return (await unit.people.accounts(member.id))[0]

    async def trade(self, member: Member) -> Trade:
        """A member's newest trade."""
        return (await self.trades(member))[-1]

    async def reasons(self, member: Member, receipt: Receipt) -> Sequence[str]:
        """Why a member's part of a signal is not traded; empty when it is."""
        async with self.store() as unit:
            (decision,) = await unit.signals.decisions(member.id, [receipt.signal])
        return [reason.value for reason in decision.reasons]

    async def events(self, subject: UUID) -> Sequence[Event]:
        async with self.store() as unit:
            return await unit.outbox.about(subject)

    async def buried(self, trade: Trade) -> Sequence[Event]:
        """Why the task that should have opened a position was given up."""
        async with self.store() as unit:
            told = await unit.outbox.take(10_000)
        member = str(trade.position.member)
        return [event for event in told if event.name is EventName.TASK_EXPIRED and event.data["member"] == member]

    async def at_venue(self, member: Member) -> AtVenue:
        """What the venue has of a member, whatever our books say."""
        account = self.venue.accounts[(await self.account(member)).id]
        sent = Counter(order.ticket.leg for order in account.orders.values())
        resting = [order for order in account.orders.values() if order.open and order.ticket.trigger is not None]
        return AtVenue(
            held={(symbol, side): position.quantity for (symbol, side), position in account.positions.items()},
            entries=sent[Leg.ENTRY],
            exits=sent[Leg.EXIT],
            stops=sorted(order.ticket.trigger or Decimal(0) for order in resting if order.ticket.leg is Leg.STOP),
            targets=sorted(order.ticket.trigger or Decimal(0) for order in resting if order.ticket.leg is Leg.TARGET),
            covered=min((order.quantity for order in resting), default=Decimal(0)),
        )

    async def by_hand(
        self,
        member: Member,
        side: Side,
        leg: Leg,
        quantity: str,
        symbol: Symbol = BTC,
        *,
        trigger: str | None = None,
        client_id: str | None = None,
    ) -> None:
        """The member trades himself, at the exchange and past the platform."""
        name, at = client_id or f"by-hand-{self.identities.new().hex}", Decimal(trigger) if trigger else None
        ticket = Ticket(name, symbol, side, leg, Decimal(quantity), at, leverage=5)
        self.venue.place((await self.account(member)).id, ticket, self.clock.now())

    async def stands_again(self, trade: Trade, leg: Leg) -> None:
        """An order that ended with its position stands at the venue all the same."""
        order = next(order for order in trade.orders if order.leg is leg)
        del self.venue.accounts[trade.position.account].orders[order.client_id]
        await self.sends_unheard(trade, leg)

    async def sends_unheard(self, trade: Trade, leg: Leg) -> None:
        """The first order of a leg reaches the venue, and whoever sent it writes nothing of it."""
        order = next(order for order in trade.orders if order.leg is leg)
        ticket = Ticket(order.client_id, order.symbol, order.side, leg, order.quantity, order.trigger)
        self.venue.place(trade.position.account, ticket, self.clock.now())

    async def stops(self) -> Sequence[Stop]:
        """The emergency acts in force."""
        async with self.store() as unit:
            return list(await unit.configuration.stops())

    async def cancel_triggers(self, member: Member) -> None:
        """The member takes stop and target back himself, and nobody hears of it."""
        account = self.venue.accounts[(await self.account(member)).id]
        for order in [order for order in account.orders.values() if order.open]:
            self.venue.cancel(account.id, order.ticket.client_id, self.clock.now())
        self.venue.unread.clear()

    async def arrives_late(self, trade: Trade, *only: Leg) -> None:
        """An entry with its protection that was on its way all the time reaches the venue, or `only` some of it."""
        entry, *legs = [
            Ticket(
                order.client_id,
                order.symbol,
                order.side,
                order.leg,
                order.quantity,
                order.trigger,
                trade.position.size.leverage,
            )
            for order in trade.orders
            if not only or order.leg in only
        ]
        self.venue.place(trade.position.account, entry, self.clock.now(), legs)

    async def result_at_venue(self, member: Member) -> Decimal:
        """What an account earned and paid at the venue since it was opened, in USDT."""
        account = self.venue.accounts[(await self.account(member)).id]
        return account.realised - account.fees - account.funding

    def break_account(self, account: ExchangeAccount) -> None:
        """Every call of an account fails with an error that no adapter should let through."""
        self.exchange.broken = account.id

    def mend_accounts(self) -> None:
        self.exchange.broken = None

    async def claim(self) -> Claim:
        """Take the first task as a worker does."""
        async with self.store() as unit:
            (claim,) = await unit.lane.claim(self.clock.now(), LEASE, 1, rehearsal_first=False)
            await unit.commit()
        return claim

    async def first_calls(self, claim: Claim) -> News:
        """Make a task's first calls and keep nothing of what they told."""
        async with self.store() as unit:
            accounts = await unit.people.connected([claim.task.account])
        return await self.platform.first_calls()(claim, accounts[claim.task.account], Halts())

    async def die_between_calls(self) -> None:
        """A worker takes a task, calls the venue, and is gone before it writes what it heard."""
        await self.first_calls(await self.claim())
