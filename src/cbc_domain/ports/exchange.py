"""An exchange as the platform needs it: one shape for every venue and for the simulated one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote


@attrs.frozen
class Ticket:
    """An order as it is sent. Entries are market orders; exits are reduce-only market; stops and targets are reduce-only,
    for the whole position, triggered at `trigger` by mark price (ORD-09, ORD-11).
    """

    client_id: str
    symbol: Symbol
    side: Side
    leg: Leg
    quantity: Decimal
    trigger: Decimal | None = None
    leverage: int | None = None

    @property
    def buys(self) -> bool:
        """Whether it is a purchase: what opens a long, and whatever closes a short."""
        return (self.side is Side.LONG) == (self.leg is Leg.ENTRY)


class ReportState(StrEnum):
    """What a venue says an order is."""

    LIVE = "LIVE"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


@attrs.frozen
class Report:
    """What a venue knows of one order of ours, with all its fills so far; repeated and reordered reports are harmless."""

    account: AccountId
    client_id: str
    venue_order_id: str
    state: ReportState
    fills: tuple[Fill, ...]
    at: datetime
    code: str | None = None


@attrs.frozen
class Travelled:
    """By what protection that went with an entry is known where the venue names it itself (ORD-09).

    It closes `side` from the price `trigger` on, and was made at `since`, which is by our clock, or later.
    """

    side: Side
    trigger: Decimal
    since: datetime


@attrs.frozen
class Holding:
    """A position as the venue has it, in the venue's unit."""

    symbol: Symbol
    side: Side
    quantity: Decimal


@attrs.frozen
class OpenOrder:
    """An order that stands at a venue, whoever sent it; `client_id` is the venue's own word where the sender named none."""

    symbol: Symbol
    client_id: str


@attrs.frozen
class Ending:
    """How a venue's own records say that a holding went: `quantity` in the venue's unit at the average `price`.

    `fee` and the `funding` paid while it was held are in USDT, negative funding was received (POS-12).
    """

    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    liquidated: bool = False
    funding: Decimal = Decimal(0)


@attrs.frozen
class ClosedResult:
    """What a venue's own records say that the closings of a side brought: `quantity` in the venue's unit was closed, and
    `net` is its result in USDT after fees and funding, those of opening included.
    """

    quantity: Decimal
    net: Decimal


@attrs.frozen
class VenueStanding:
    """How a venue stands for this process.

    `skew` is how far its clock is ahead of ours (negative: behind), None while that is not known. `breaker_open` says that it
    did not answer lately; `until` is when it will be spoken to again, None when it is now.
    """

    venue: Venue
    environment: Environment
    skew: timedelta | None = None
    breaker_open: bool = False
    until: datetime | None = None


class Exchange(Protocol):
    """Every call raises VenueRefused or OutcomeUnknown and nothing else of the venue; no call retries by itself.

    An account's environment is fixed; no call made for one environment reaches another (ELG-01, EXC-10).
    """

    async def instrument(
        self, venue: Venue, environment: Environment, symbol: Symbol, *, hurried: bool = False
    ) -> Instrument | None:
        """The venue's rules for a symbol, at most an hour old; None when it does not list it (SIZ-07).

        Without leverage brackets while the venue has not told them, as some do to the owner of a key only: then nothing can
        be sized by them, and what is open can be protected. `hurried` waits for them a moment at most.
        """

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        """The mark price now, or as it was `ago`; None when the venue cannot tell."""

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        """Balances at most 10 s old (SIZ-02); accounts that could not be read are left out."""

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        """Which protection an entry can carry with it; the rest is placed after the fill (ORD-09)."""

    def takes_stop_first(self, venue: Venue) -> bool:
        """Whether a venue takes a reduce-only stop before there is a position: it is placed before the entry there (POS-11).

        A stop that is refused REDUCE_ONLY all the same is placed after the fill.
        """

    def forgets_ids(self, venue: Venue) -> bool:
        """Whether a venue knows a client id only while its order stands.

        There what was filled at once could be bought twice: an order without an answer is not sent again as long as it may
        still arrive (ORD-04).
        """

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        """Set leverage and isolated margin for an entry that is to follow (SIZ-04); again changes nothing.

        `place` does it otherwise. Raises like `place`; does nothing for an account that no order may leave for.
        """

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        """Send one order, with leverage and isolated margin set before an entry (SIZ-04).

        A client id the venue has seen is VenueRefused DUPLICATE_ID. `attached` only of legs that the venue attaches.
        """

    async def find(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> Report | None:
        """Look an order up by its client id; None only when the venue says that it does not exist.

        What may have gone with an entry is looked for as what it is, too, where the venue gave it a name of its own; it is
        told under our id.
        """

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        """Cancel an order, found as `find` finds it; one that is final or unknown to the venue is done already.

        True when the venue says that this call ended a stop or target, of which nothing had filled then; after False it is to
        be asked what became of the order.
        """

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        """The venue's position on a side of a symbol; None when there is none. In hedge mode both sides may be open.

        `hurried` waits for the answer a moment at most, and raises OutcomeUnknown then.
        """

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        """The last closing of a side of a symbol since an instant, whoever ordered it (POS-10); None when none is recorded."""

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        """All closings of a side from `since` to `until`, both included, whoever ordered them (COM-05).

        None while the venue has no record of them.
        """

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        """Everything that stands at the venue for an account, triggers included, of all symbols (POS-10)."""

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        """What was moved into an account and out of it from `since` on, that included: each once, oldest first (RSK-03).

        In USDT and by milliseconds, results and fees left out. A venue may begin to tell a transfer minutes after it was made,
        and stop to after three months.
        """

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        """From now on keep a private stream for each of these accounts and for no other; what they tell comes by `changes`."""

    async def changes(self, most: int) -> Sequence[Report]:
        """What the venues' private streams told since the last call, oldest first; empty when nothing came.

        At least once and possibly out of order, except what `place` told of before; what is lost is found by `find` (POS-10).
        """

    async def standings(self) -> Sequence[VenueStanding]:
        """How the venues stand that this process has spoken to, clocks measured at most 5 minutes ago (EXC-07, EXC-08).

        One that is not named has nothing against it. Never raises for what a venue does.
        """
