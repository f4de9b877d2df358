"""One venue in one environment, as its own wire protocol sees it: the engine, the keys it gave out, what accounts have set."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import FaultPlan
from cbc_adapters.exchange.simulated.model import VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.rules import check_filters
from cbc_adapters.exchange.simulated.venues.listeners import Listeners
from cbc_adapters.exchange.simulated.venues.order_numbers import order_number
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.ports.exchange import Report, ReportState, Ticket
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import VenueRefused


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

    def has_expired(self, at: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at

    def admits(self, address: str) -> bool:
        return not self.addresses or address in self.addresses


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
        self.plan = FaultPlan()
        self.maintenance: Sequence[tuple[datetime, datetime]] = ()
        """From when until when everything is answered with MAINTENANCE, by true time."""
        self.skew = timedelta(0)
        self.movable_mode = True
        """Whether an account may change its position mode now (it may not with open positions, and the wire says so)."""
        self.fraction_of_next: Decimal | None = None
        self._held_back: dict[tuple[AccountId, str], Sequence[Ticket]] = {}
        self._clock = clock
        self._choices: dict[tuple[AccountId, Symbol], Choices] = {}
        self._listeners = Listeners()

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

    def forget_id(self, account: AccountId, client_id: str) -> None:
        """Let an id be used again whose order is over; that order keeps its number and is found by it alone."""
        orders = self.account(account).orders
        order = orders.get(client_id)
        if order is not None and not order.open:
            orders[f"{client_id}~{order.venue_order_id}"] = orders.pop(client_id)

    def order(self, account: AccountId, *, client_id: str | None = None, number: int | None = None) -> VenueOrder | None:
        """An order by our id or by the venue's number; None when the venue does not know it."""
        orders = self.account(account).orders
        if client_id is not None:
            return orders.get(client_id)
        return next((order for order in orders.values() if order_number(order.venue_order_id) == number), None)

    def place(self, account: AccountId, entry: Ticket, attached: Sequence[Ticket]) -> None:
        """Place an order at market; what came with it stands once that is done: now, or later when only a part fills now.

        Raises VenueRefused, also for a stop that could not stand now, and then nothing has changed.
        """
        fraction = self.take_fraction()
        if fraction is None:
            self.engine.place(account, entry, self.now(), attached)
            return
        for ticket in attached:
            check_filters(self.engine.listing[ticket.symbol], ticket, self.engine.marks[ticket.symbol].price)
        self.engine.place(account, entry, self.now(), fraction=fraction)
        self.hold_back(account, entry.client_id, attached)

    def hold_back(self, account: AccountId, entry: str, attached: Sequence[Ticket]) -> None:
        """Let what came with an entry stand once that is done, with the quantity that filled by then."""
        self._held_back[account, entry] = attached

    def held_back(self, account: AccountId, entry: str) -> Sequence[Ticket]:
        """What came with an entry and waits for its end."""
        return self._held_back.get((account, entry), ())

    def holds_back(self, account: AccountId, client_id: str) -> bool:
        """Whether an id is one of an order that is held back."""
        of_account = (tickets for (owner, _), tickets in self._held_back.items() if owner == account)
        return any(ticket.client_id == client_id for tickets in of_account for ticket in tickets)

    def partly_filled(self, account: AccountId) -> frozenset[str]:
        """Our ids of the orders of an account that wait for their rest."""
        orders = self.account(account).orders.values()
        return frozenset(order.ticket.client_id for order in orders if order.state is ReportState.PARTIALLY_FILLED)

    def fill_rest(self, account: AccountId, client_id: str) -> None:
        """Fill what a partial fill left, at the price of now, and tell; what the account has no margin for stays open."""
        with suppress(VenueRefused):
            self.engine.fill_rest(account, client_id, self.now())
        self.tell()

    @property
    def under_maintenance(self) -> bool:
        return any(since <= self._clock.now() < until for since, until in self.maintenance)

    def listening(self, account: AccountId) -> AbstractContextManager[asyncio.Queue[Report]]:
        """The reports of one account from now on, as its private stream gets them."""
        return self._listeners.listening(account)

    def is_listened_to(self, account: AccountId, channels: int = 1) -> bool:
        """Whether somebody has so many channels of the account's orders open."""
        return self._listeners.hear_of(account) >= channels

    def cut_streams(self, account: AccountId | None = None) -> None:
        """Let the private streams of an account, or all, die without a word."""
        self._listeners.cut(account)

    def tell(self) -> None:
        """Hand what the engine has to report to whoever listens; called after everything that may change an order."""
        self._let_stand()
        while self.engine.unread:
            self._listeners.tell(self.engine.unread.popleft(), self.plan.disorder)

    def _let_stand(self) -> None:
        done = [of for of in self._held_back if not self.account(of[0]).orders[of[1]].open]
        for account, entry in done:
            filled = sum((fill.quantity for fill in self.account(account).orders[entry].fills), start=Decimal(0))
            for ticket in self._held_back.pop((account, entry)):
                # Where nothing filled, or nothing is held any more, there is nothing to protect.
                with suppress(VenueRefused):
                    self.engine.place(account, attrs.evolve(ticket, quantity=filled), self.now())
