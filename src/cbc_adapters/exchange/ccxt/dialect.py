"""What differs from venue to venue, as one shape: the adapter knows this and no venue by name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import attrs

from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import Ending, Holding, OpenOrder, ReportState, Ticket, Travelled
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.ports.venue_keys import KeyFindings
from cbc_domain.trading.model import Fill, Leg
from cbc_domain.trading.sizes import Bracket, Instrument, Quote

Client = Any
"""An unmodified ccxt.pro exchange object; vendor types live in this package alone."""


@attrs.frozen
class Booked:
    """An order as a venue tells it, before it is known whose it is: a Report without the account."""

    client_id: str
    venue_order_id: str
    state: ReportState
    fills: tuple[Fill, ...]
    at: datetime
    code: str | None = None


@attrs.frozen
class Closed:
    """One closing of a side, from the venue's own records.

    `net` is its result in USDT after all fees and funding, those of opening included.
    """

    ending: Ending
    net: Decimal


@attrs.frozen
class Moved:
    """USDT that was moved into an account, negative when out of it, by the venue's own id of the movement."""

    venue_id: str
    amount: Decimal
    at: datetime


@attrs.frozen
class Balance:
    """USDT of one account: equity with open results, free for new margin, margin in use; and where positions are open."""

    equity: Decimal
    available: Decimal
    margin_in_use: Decimal
    held: frozenset[Symbol] | None = None
    """None when the answer does not tell: then the holdings are asked for."""


@attrs.frozen
class Placing:
    """An order to be sent in the account's position mode; `attached` is the protection that travels with it."""

    ticket: Ticket
    instrument: Instrument
    hedge: bool
    attached: tuple[Ticket, ...] = ()


@attrs.frozen
class Sought:
    """An order that is asked for or cancelled; `leg` is told by our id, None when the id is not one of ORD-03.

    What may have `travelled` with an entry is known by that where the venue gave it a name of its own.
    """

    client_id: str
    instrument: Instrument
    leg: Leg | None
    travelled: Travelled | None = None


class Dialect(Protocol):
    """One venue. Calls raise what ccxt raises (`errors.py` turns it into our faults) and never retry.

    Calls go through ccxt's own methods of the venue's endpoints: it signs, sends and knows errors, and numbers stay the
    text that the venue wrote. Clients come with their key in them and the environment fixed.
    """

    @property
    def venue(self) -> Venue: ...

    @property
    def ccxt_id(self) -> str: ...

    @property
    def attaches(self) -> frozenset[Leg]:
        """Which protection travels with an entry."""

    @property
    def takes_stop_first(self) -> bool:
        """Whether a reduce-only stop may stand before there is a position."""

    @property
    def forgets_ids(self) -> bool:
        """Whether a client id may be used again once its order is over."""

    @property
    def tiers_need_key(self) -> bool:
        """Whether leverage tiers are told to the owner of a key only."""

    @property
    def fundings(self) -> Callable[[Client, Symbol, datetime, datetime], Awaitable[Sequence[datetime]]] | None:
        """When funding of a symbol fell due between two instants, a hundred times at most.

        None where it costs no less to ask for that than for what each member paid.
        """

    @property
    def faults(self) -> Mapping[str, Fault]:
        """The venue's codes and what they mean (EXC-04)."""

    @property
    def doubtful(self) -> frozenset[str]:
        """Codes after which an order may stand all the same."""

    def settings(self, environment: Environment) -> Mapping[str, Any]:
        """What the ccxt class is made with beside credentials and session."""

    def enter_environment(self, client: Client, environment: Environment) -> None:
        """Point a fresh client to live or test hosts or headers; never called twice."""

    async def time(self, client: Client) -> datetime: ...

    async def instruments(self, client: Client) -> Mapping[Symbol, Instrument]:
        """All linear USDT perpetuals, without brackets where those need a key."""

    async def brackets(self, client: Client, symbol: Symbol) -> Mapping[Symbol, tuple[Bracket, ...]]:
        """Leverage tiers of a symbol, and of all others that the venue tells in the same answer (SIZ-07)."""

    async def quote(self, client: Client, symbol: Symbol) -> Quote:
        """Mark price, and the spread of the book."""

    async def prepare(self, client: Client, instrument: Instrument, side: Side, leverage: int, *, hedge: bool) -> None:
        """Isolated margin, and the leverage of both sides, before an entry (SIZ-04); "already so" is success."""

    async def place(self, client: Client, placing: Placing) -> Booked | None:
        """Send one order; with the fills read at once for a market order. None when the answer does not say that it stands."""

    async def find(self, client: Client, sought: Sought) -> Booked | None:
        """The order with all its fills (true fill ids and fees); None only when the venue says that it does not exist."""

    async def cancel(self, client: Client, sought: Sought) -> bool:
        """One that is final or unknown is done already; True when the answer is that a stop or target was ended by it."""

    async def holdings(self, client: Client, instrument: Instrument | None) -> Sequence[Holding]:
        """Open positions, of one symbol or of all."""

    async def balance(self, client: Client) -> Balance: ...

    async def transfers(self, client: Client, since_ms: int) -> Sequence[Moved]:
        """What was moved in and out since an instant, page after page, in any order; some of it may be older, or told twice."""

    async def closings(
        self, client: Client, instrument: Instrument, side: Side, since: datetime, until: datetime | None, *, funded: bool
    ) -> Sequence[Closed]:
        """Closings of a side, oldest first, whoever ordered them (POS-10, COM-05).

        Without `funded` no payment of funding lies between the two instants, and none need be asked for.
        """

    async def open_orders(self, client: Client) -> Sequence[OpenOrder]:
        """What stands at the venue, conditional orders included, of all symbols."""

    async def examine(self, client: Client) -> KeyFindings:
        """A harmless signed look at what the key may do (KEY-03)."""

    async def listen(self, client: Client, tell: Callable[[Symbol, str], None]) -> None:
        """Tell symbol and client id of each order that the private stream speaks of, until the stream ends or fails.

        The stream is a hint and nothing more: what became of an order is asked of the venue, so that repeated, reordered and
        missing messages cannot be wrong.
        """
