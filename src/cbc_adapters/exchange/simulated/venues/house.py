"""One venue in one environment, as its own wire protocol sees it: the engine, the keys it gave out, what accounts have set."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.exchange import Report
from cbc_domain.ports.system import Clock

NUMBERS: Final = 10**9
"""Orders of one account have numbers of their own; the account's ordinal comes before them."""


@attrs.frozen
class IssuedKey:
    """A key that the venue gave out for an account; `addresses` empty means any address may use it."""

    key: str
    secret: str
    passphrase: str | None
    account: AccountId
    trades: bool = True
    withdraws: bool = False
    addresses: frozenset[str] = frozenset()
    expires_at: datetime | None = None


@attrs.define
class Choices:
    """What an account has set for a symbol; mutable because the member changes it."""

    leverage: int = 10
    isolated: bool = False


class House:
    """Mutable because it stands for the outside world; everything it decides is the engine's."""

    def __init__(self, venue: Venue, environment: Environment, engine: SimulatedVenue, clock: Clock) -> None:
        self.venue, self.environment, self.engine = venue, environment, engine
        self.keys: dict[str, IssuedKey] = {}
        self.skew = timedelta(0)
        self.movable_mode = True
        """Whether an account may change its position mode now (it may not with open positions, and the wire says so)."""
        self.fraction_of_next: Decimal | None = None
        self._clock = clock
        self._choices: dict[tuple[AccountId, Symbol], Choices] = {}
        self._listeners: dict[AccountId, list[asyncio.Queue[Report]]] = {}

    def now(self) -> datetime:
        """The venue's own time."""
        return self._clock.now() + self.skew

    def issue(self, key: IssuedKey) -> None:
        self.keys[key.key] = key

    def take_fraction(self) -> Decimal | None:
        """The part of the next market order that fills at once, when the plan said so for this call."""
        fraction, self.fraction_of_next = self.fraction_of_next, None
        return fraction

    def account(self, account: AccountId) -> VenueAccount:
        return self.engine.accounts[account]

    def choices(self, account: AccountId, symbol: Symbol) -> Choices:
        return self._choices.setdefault((account, symbol), Choices())

    def order(self, account: AccountId, *, client_id: str | None = None, number: int | None = None) -> VenueOrder | None:
        """An order by our id or by the venue's number; None when the venue does not know it."""
        orders = self.account(account).orders
        if client_id is not None:
            return orders.get(client_id)
        return next((order for order in orders.values() if order_number(order.venue_order_id) == number), None)

    @contextmanager
    def listening(self, account: AccountId) -> Iterator[asyncio.Queue[Report]]:
        """The reports of one account from now on, as its private stream gets them."""
        queue: asyncio.Queue[Report] = asyncio.Queue()
        self._listeners.setdefault(account, []).append(queue)
        try:
            yield queue
        finally:
            self._listeners[account].remove(queue)

    def is_listened_to(self, account: AccountId) -> bool:
        """Whether somebody has the account's private stream open."""
        return bool(self._listeners.get(account))

    def tell(self) -> None:
        """Hand what the engine has to report to whoever listens; called after everything that may change an order."""
        while self.engine.unread:
            report = self.engine.unread.popleft()
            for queue in self._listeners.get(report.account, ()):
                queue.put_nowait(report)


def order_number(venue_order_id: str) -> int:
    """The venue's own number of an order, as the wires that use numbers write it."""
    _, ordinal, number = venue_order_id.split("-")
    return int(ordinal) * NUMBERS + int(number)
