"""An exchange with one account, as its promises need it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Exchange, Holding, Report, ReportState, Ticket, Travelled
from cbc_domain.risk.model import ExchangeAccount
from tests.strategies.exchange import BTC

LATELY: Final = timedelta(minutes=1)


async def _at_once() -> None:
    """For exchanges that hear of every order from the moment they are asked to."""


def travelled(ticket: Ticket) -> Travelled:
    """How a stop that was sent with an entry a moment ago is known."""
    assert ticket.trigger is not None
    return Travelled(ticket.side, ticket.trigger, SystemClock().now() - LATELY)


@attrs.frozen
class VenueBench:
    """An exchange with one account of 10,000 USDT, Bitcoin at 47,000, and a way to move that price.

    `connected` comes back when the venue has the private stream that was asked for; `deposit` moves USDT into the account at
    an instant, or out of it.
    """

    exchange: Exchange
    account: ExchangeAccount
    move: Callable[[Decimal], Awaitable[None]]
    deposit: Callable[[Decimal, datetime], None]
    connected: Callable[[], Awaitable[None]] = _at_once

    async def listen(self) -> None:
        """Open the private stream: only whoever asks for changes needs it, and it asks the venue for much."""
        await self.exchange.follow([self.account])
        await self.connected()

    async def place(self, ticket: Ticket, attached: Sequence[Ticket] = ()) -> ReportState:
        return (await self.exchange.place(self.account, ticket, attached)).state

    async def state_of(self, client_id: str, went_along: Ticket | None = None) -> ReportState | None:
        """With a ticket also of what `went_along` with an entry and bears a name of the venue's."""
        report = await self.exchange.find(self.account, BTC, client_id, travelled(went_along) if went_along else None)
        return report.state if report else None

    async def told(self, about: set[str]) -> Sequence[Report]:
        """What the private stream tells until it has spoken of the last state of these orders."""
        told: list[Report] = []
        async with asyncio.timeout(10):
            while not {report.client_id for report in told if report.state is ReportState.FILLED} >= about:
                told += await self.exchange.changes(100)
                await asyncio.sleep(0.01)
        return told

    async def holding(self) -> Holding | None:
        return await self.exchange.holding(self.account, BTC, Side.LONG)
