"""Accounts, tickets and instruments of a simulated venue, and sequences of what may happen there."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs
from hypothesis import strategies as st

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.exchange.simulated.model import Bar
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import Ticket
from cbc_domain.ports.venue_faults import VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import Instrument

BTC: Final = Symbol("BTCUSDT")
XRP: Final = Symbol("XRPUSDT")
START: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PRICE: Final = Decimal(47_000)
FIRST: Final = AccountId(UUID(int=1))
SECOND: Final = AccountId(UUID(int=2))


def instrument(symbol: Symbol = BTC) -> Instrument:
    return next(each for each in DEMONSTRATION if each.symbol == symbol)


def exchange_account(account: AccountId = FIRST, venue: Venue = Venue.BINANCE, *, hedge: bool = False) -> ExchangeAccount:
    return ExchangeAccount(
        id=account,
        member=MemberId(UUID(int=account.int + 1000)),
        venue=venue,
        environment=Environment.LIVE,
        label="simulated",
        last4="0001",
        created_at=START,
        hedge=hedge,
    )


def entry(client_id: str = "e1", quantity: str = "0.1", side: Side = Side.LONG, leverage: int = 10) -> Ticket:
    return Ticket(client_id, BTC, side, Leg.ENTRY, Decimal(quantity), leverage=leverage)


def stop(trigger: str, client_id: str = "s1", side: Side = Side.LONG) -> Ticket:
    return Ticket(client_id, BTC, side, Leg.STOP, Decimal("0.1"), trigger=Decimal(trigger))


def target(trigger: str, client_id: str = "t1", side: Side = Side.LONG) -> Ticket:
    return Ticket(client_id, BTC, side, Leg.TARGET, Decimal("0.1"), trigger=Decimal(trigger))


def leave(client_id: str = "x1", quantity: str = "0.1", side: Side = Side.LONG) -> Ticket:
    return Ticket(client_id, BTC, side, Leg.EXIT, Decimal(quantity))


@attrs.frozen
class Placed:
    """An order to be: its trigger, or the triggers of its protection, in basis points of the price of its time."""

    account: AccountId
    number: int
    leg: Leg
    side: Side
    quantity: Decimal
    leverage: int
    distance: int
    protection: tuple[int, int] | None = None
    fraction: Decimal | None = None

    def ticket(self, price: Decimal) -> Ticket:
        return self._ticket(f"id{self.number}", self.leg, self.distance, price)

    def attached(self, price: Decimal) -> list[Ticket]:
        if self.protection is None or self.leg is not Leg.ENTRY:
            return []
        legs = zip((Leg.STOP, Leg.TARGET), self.protection, strict=True)
        return [self._ticket(f"{leg}{self.number}", leg, distance, price) for leg, distance in legs]

    def _ticket(self, client_id: str, leg: Leg, distance: int, price: Decimal) -> Ticket:
        waits_below = (leg is Leg.STOP) == (self.side is Side.LONG)
        trigger = (price * (1 + Decimal(-distance if waits_below else distance) / 10_000)).quantize(instrument().tick)
        leverage = self.leverage if leg is Leg.ENTRY else None
        return Ticket(
            client_id, BTC, self.side, leg, self.quantity, trigger if leg in {Leg.STOP, Leg.TARGET} else None, leverage
        )


@attrs.frozen
class Moved:
    """A bar as basis points from the price before: where it opens, how far up and down it reaches, where it closes."""

    points: tuple[int, int, int, int]


@attrs.frozen
class FundingPaid:
    rate: Decimal


@attrs.frozen
class Cancelled:
    account: AccountId
    client_id: str


@attrs.frozen
class RestFilled:
    account: AccountId
    client_id: str


Happening = Placed | Moved | FundingPaid | Cancelled | RestFilled

accounts = st.sampled_from((FIRST, SECOND))
numbers = st.integers(1, 60)
client_ids = numbers.map("id{}".format)
distances = st.integers(-5, 500)
placements = st.builds(
    Placed,
    account=accounts,
    number=numbers,
    leg=st.sampled_from((Leg.ENTRY, Leg.ENTRY, Leg.ENTRY, *Leg)),
    side=st.sampled_from(Side),
    quantity=st.integers(1, 100).map(lambda steps: steps * Decimal("0.001")),
    leverage=st.integers(1, 51),
    distance=distances,
    protection=st.none() | st.tuples(distances, distances),
    fraction=st.none() | st.integers(0, 100).map(lambda percent: percent / Decimal(100)),
)
moves = st.builds(Moved, st.tuples(st.integers(-300, 300), st.integers(0, 300), st.integers(0, 300), st.integers(-300, 300)))
happenings = st.lists(
    st.one_of(
        placements,
        placements,
        placements,
        moves,
        moves,
        st.builds(FundingPaid, st.integers(-75, 75).map(lambda points: points / Decimal(10_000))),
        st.builds(Cancelled, accounts, client_ids) | st.builds(RestFilled, accounts, client_ids),
    ),
    min_size=4,
    max_size=40,
)


def let_happen(venue: SimulatedVenue, happening: Happening, at: datetime) -> None:
    """Do one thing at a venue; what it refuses does not happen."""
    try:
        match happening:
            case Placed(account):
                price = venue.marks[BTC].price
                ticket, attached = happening.ticket(price), happening.attached(price)
                venue.place(account, ticket, at, attached, fraction=happening.fraction)
            case Moved(points):
                bar = bar_after(venue.marks[BTC].price, points)
                venue.apply_candle(BTC, bar.open, bar.high, bar.low, bar.close, at)
            case FundingPaid(rate):
                venue.apply_funding(BTC, rate, at)
            case Cancelled(account, client_id):
                venue.cancel(account, client_id, at)
            case RestFilled(account, client_id):
                venue.fill_rest(account, client_id, at)
    except VenueRefused:
        pass


def bar_after(price: Decimal, points: tuple[int, int, int, int]) -> Bar:
    """The bar that a move makes of the price before it, on the tick of Bitcoin."""
    opens, up, down, closes = (Decimal(point) / 10_000 for point in points)
    tick = instrument().tick
    first = (price * (1 + opens)).quantize(tick)
    last = (first * (1 + closes)).quantize(tick)
    high = (max(first, last) * (1 + up)).quantize(tick)
    low = (min(first, last) * (1 - down)).quantize(tick)
    return Bar(first, high, low, last)


def after(venue: SimulatedVenue, happened: Iterable[Happening]) -> SimulatedVenue:
    """Let a sequence happen, a minute apart."""
    for minute, happening in enumerate(happened, start=1):
        let_happen(venue, happening, START + timedelta(minutes=minute))
    return venue
