"""Compare what stands at the venues with our orders: clear what we left over, report what nobody can explain (POS-10)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import attrs

from cbc_domain.application.trading.pause_opens import pause, pause_opens
from cbc_domain.application.trading.standing import MAY_ARRIVE, may_arrive
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.exchange import Exchange, OpenOrder
from cbc_domain.ports.persistence.sweeps import Due
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities, Together
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount, StopScope
from cbc_domain.trading.orders import leg_of

PAGE: Final = 200
ENDED_LATELY: Final = timedelta(hours=1)
"""How long an account is swept after its last position until it was answered for once nothing more could arrive."""
ARRIVES: Final = 2 * MAY_ARRIVE
"""How long after a position's end what a dead worker sent for it may come to stand."""
RESTED: Final = timedelta(seconds=20)
"""Accounts that any worker swept within so long are left alone by the others."""

Answer = TypeVar("Answer")


@attrs.frozen
class Sweep:
    """What stood at the venues: `leftover` orders of ended positions were cancelled, `unexplained` ones bear an id of ours
    that no row knows, `foreign` ones are the members' own and stay as they are.
    """

    leftover: int = 0
    unexplained: int = 0
    foreign: int = 0

    def __add__(self, other: "Sweep") -> "Sweep":
        return Sweep(self.leftover + other.leftover, self.unexplained + other.unexplained, self.foreign + other.foreign)


Standing = Sequence[tuple[ExchangeAccount, OpenOrder]]


@attrs.frozen
class SweepAccounts:
    """Harmless to repeat. An account that cannot be asked is left for the next time."""

    store: Store
    exchange: Exchange
    clock: Clock
    identities: Identities
    together: Together

    async def __call__(self, rested: timedelta = timedelta(0)) -> Sweep:
        """Sweep every account that has a position of ours open, or had one lately: what a dead worker sent may come late.

        Where a venue's limit does not suffice for all of them at once, whoever waits longest comes first. What was swept within
        `rested` is left out.
        """
        swept, now = Sweep(), self.clock.now()
        after: Due | None = None
        while page := await self.store.run(partial(_due, now, rested, after)):
            after = page[-1]
            connected = await self.store.run(partial(_connected, [due.account for due in page]))
            swept += await self._sweep([connected[due.account] for due in page if due.account in connected])
        return swept

    async def _sweep(self, accounts: Sequence[ExchangeAccount]) -> Sweep:
        began, told = self.clock.now(), await self._asked(accounts)
        standing = [(account, order) for account, orders in told for order in orders]
        ours = [(account, order) for account, order in standing if leg_of(order.client_id) is not None]
        trades = await self.store.run(partial(_trades_of, [order.client_id for _, order in ours]))
        now = self.clock.now()
        leftover = [(account, order) for account, order in ours if _is_over(trades.get(order.client_id), now)]
        unexplained = [(account, order) for account, order in ours if order.client_id not in trades]
        left = await self._clear(leftover)
        await self.store.run(partial(_note, {account.id for account, _ in told} - left, began))
        if unexplained:
            await self.store.run(partial(self._pause, {account.venue for account, _ in unexplained}))
        return Sweep(len(leftover), len(unexplained), len(standing) - len(ours))

    async def _asked(self, accounts: Sequence[ExchangeAccount]) -> list[tuple[ExchangeAccount, Sequence[OpenOrder]]]:
        answers = await self.together(self.exchange.open_orders(account) for account in accounts)
        told = [(account, _known(answer)) for account, answer in zip(accounts, answers, strict=True)]
        return [(account, answer) for account, answer in told if answer is not None]

    async def _clear(self, leftover: Standing) -> frozenset[AccountId]:
        """Cancel what is left over and answer where that was not answered for.

        A stop that outlived its position could close another one of the member's (ORD-11).
        """
        answers = await self.together(
            self.exchange.cancel(account, order.symbol, order.client_id) for account, order in leftover
        )
        told = [(account.id, _known(answer)) for (account, _), answer in zip(leftover, answers, strict=True)]
        return frozenset(account for account, answer in told if answer is None)

    async def _pause(self, venues: Iterable[Venue], work: UnitOfWork) -> None:
        """RSK-22: nobody opens anything where our books and the venue cannot both be right."""
        reason = "an order at the venue bears an id of ours that no record knows"
        now = self.clock.now()
        await pause_opens(
            work, [pause(StopScope.EXCHANGE, venue.value, reason, now) for venue in sorted(venues)], self.identities
        )


async def _due(now: datetime, rested: timedelta, after: Due | None, work: UnitOfWork) -> Sequence[Due]:
    return await work.sweeps.due(now - ENDED_LATELY, ARRIVES, now - rested, after, PAGE)


async def _note(accounts: Collection[AccountId], at: datetime, work: UnitOfWork) -> None:
    await work.sweeps.note(accounts, at)


async def _connected(accounts: Sequence[AccountId], work: UnitOfWork) -> Mapping[AccountId, ExchangeAccount]:
    return await work.people.connected(accounts)


async def _trades_of(client_ids: Sequence[str], work: UnitOfWork) -> Mapping[str, Trade]:
    positions = await work.trades.positions_of_orders(client_ids)
    trades = {trade.position.id: trade for trade in await work.trades.trades(set(positions.values()), lock=False)}
    return {client_id: trades[position] for client_id, position in positions.items()}


def _is_over(trade: Trade | None, now: datetime) -> bool:
    return trade is not None and trade.position.state.final and not may_arrive(trade, now)


def _known(answer: Answer | Exception) -> Answer | None:
    """The answer, None when the venue gave none; what is no fault of a venue is raised."""
    if isinstance(answer, VenueRefused | OutcomeUnknown):
        return None
    if isinstance(answer, Exception):
        raise answer
    return answer
