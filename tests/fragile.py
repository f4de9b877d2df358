"""The venue as stories see it: what an account really has there, and an exchange that fails as no plan foresees."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from cbc_adapters.exchange.simulated.adapter import SimulatedExchange, Sleep, sleep_for
from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import Failure, FaultPlan
from cbc_adapters.exchange.simulated.model import ATTACHED
from cbc_adapters.system.stepped.clock import SteppedClock
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import ClosedResult, Holding, OpenOrder, Report, ReportState, Ticket, Travelled, VenueStanding
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import PROTECTION, Leg
from cbc_domain.trading.orders import leg_of
from cbc_domain.trading.sizes import AccountReading, Quote


@attrs.frozen
class AtVenue:
    """An account as the venue has it: what it holds, how many orders were ever taken, and the triggers that stand."""

    held: Mapping[tuple[Symbol, Side], Decimal]
    entries: int
    exits: int
    stops: Sequence[Decimal]
    targets: Sequence[Decimal]
    covered: Decimal

    @property
    def flat(self) -> bool:
        return not (self.held or self.stops or self.targets)

    @property
    def protected(self) -> bool:
        """One stop and one target, each for all that is held."""
        return len(self.stops) == len(self.targets) == 1 and self.covered >= max(self.held.values(), default=Decimal(0))


class FragileExchange(SimulatedExchange):
    """Breaks down in an unforeseen way for one account; mutable because it can be mended."""

    broken: AccountId | None = None
    readings_until_it_breaks: int | None = None
    each_reading_takes: timedelta | None = None
    on_reading: Callable[[], Awaitable[object]] | None = None
    on_placing: Callable[[Leg], Awaitable[object]] | None = None
    """What happens at the venue just before an order of a leg comes there."""
    attaches: frozenset[Leg] = ATTACHED
    """What travels with an entry here."""
    stops_first: bool = False
    """Whether a stop is sent before the entry here; whether the venue takes it then is the venue's affair."""
    forgetful: bool = False
    """A forgetful venue knows a client id only while its order stands."""
    deaf_to_haste: bool = False
    """It never answers in a moment what it holds."""
    sure_of_cancels: bool = False
    """It says whether a cancel ended a stop or target."""
    reported: ClosedResult | None = None
    """What the venue says of every closing from now on, whatever it said before."""
    standing: Sequence[VenueStanding] = ()
    tells_of_orders: int | None = None
    """Of how many accounts it tells all orders at one instant."""

    def __init__(self, venue: SimulatedVenue, clock: SteppedClock, faults: FaultPlan | None, sleep: Sleep = sleep_for) -> None:
        super().__init__(venue, clock, faults=faults, sleep=sleep, opening_balance=None)
        self.asked: list[tuple[Venue, Environment]] = []
        self.prepared: list[int] = []
        """How many orders the venue had of an account when its leverage was set beforehand."""
        self.told_of: list[tuple[datetime, AccountId]] = []
        """Whose orders it told of, and when."""
        self._stepped = clock

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        return self.attaches

    def suffer(self, *failures: Failure) -> None:
        """From now on this goes wrong and nothing else."""
        self._faults = FaultPlan(failures)

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        """The mark price as a venue that is asked now tells it."""
        self.asked.append((venue, environment))
        found = await super().quote(venue, environment, symbol, ago)
        return found if ago or found is None else attrs.evolve(found, at=self._stepped.now())

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        if self.readings_until_it_breaks is not None:
            self.readings_until_it_breaks -= 1
            if self.readings_until_it_breaks < 0:
                raise ZeroDivisionError("a mistake in an adapter")
        if self.each_reading_takes is not None:
            self._stepped.advance(by=self.each_reading_takes)
        if self.on_reading is not None:
            act, self.on_reading = self.on_reading, None
            await act()
        return await super().readings(accounts)

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        now = self._stepped.now()
        if self.tells_of_orders is not None and sum(at == now for at, _ in self.told_of) >= self.tells_of_orders:
            raise VenueRefused(Fault.RATE_LIMIT, "nothing left")
        self.told_of.append((now, account.id))
        return await super().open_orders(account)

    def takes_stop_first(self, venue: Venue) -> bool:
        return self.stops_first

    def forgets_ids(self, venue: Venue) -> bool:
        return self.forgetful

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        return self.reported or await super().closed_result(account, symbol, side, since, until)

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        if hurried and self.deaf_to_haste:
            raise OutcomeUnknown("expected what is held in a moment, was no answer")
        return await super().holding(account, symbol, side)

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        before = self._venue.find(account.id, client_id)
        await super().cancel(account, symbol, client_id)
        stood = before is not None and before.state is ReportState.LIVE and leg_of(client_id) in PROTECTION
        return self.sure_of_cancels and stood

    async def standings(self) -> Sequence[VenueStanding]:
        return self.standing

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        self.prepared.append(len(self._venue.accounts[account.id].orders))

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        if account.id == self.broken:
            raise ZeroDivisionError("a mistake in an adapter")
        if self.on_placing is not None:
            await self.on_placing(ticket.leg)
        return await super().place(account, ticket, attached)
