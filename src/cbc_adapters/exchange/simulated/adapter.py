"""The simulated venue behind the exchange port."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.simulated.engine import SimulatedVenue
from cbc_adapters.exchange.simulated.faults import (
    Break,
    Call,
    Delay,
    DropBefore,
    FaultPlan,
    FillPart,
    Harm,
    LoseAnswer,
    Refuse,
    falls,
)
from cbc_adapters.exchange.simulated.model import ATTACHED
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.ports.exchange import ClosedResult, Ending, Holding, OpenOrder, Report, Ticket, Travelled, VenueStanding
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import Leg
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

PAPER_BALANCE: Final = Decimal(1000)
"""Virtual USDT of an account that nobody funded (ELG-08)."""

Sleep = Callable[[timedelta], Awaitable[None]]


async def sleep_for(time: timedelta) -> None:
    """Wait in real time."""
    await asyncio.sleep(time.total_seconds())


class SimulatedExchange:
    """Stand for any venue and environment: accounts are told apart by their id alone, and prices are the same on all.

    Everything it answers is simulated, and `simulated` says so to whoever shows it (GEN-13).
    """

    simulated: Final = True

    def __init__(
        self,
        venue: SimulatedVenue,
        clock: Clock,
        *,
        faults: FaultPlan | None = None,
        sleep: Sleep = sleep_for,
        opening_balance: Decimal | None = PAPER_BALANCE,
    ) -> None:
        """`opening_balance` is what an unknown account starts with at its first call; None refuses it (AUTH)."""
        self._venue = venue
        self._clock = clock
        self._faults = faults or FaultPlan()
        self._sleep = sleep
        self._opening_balance = opening_balance
        self._told = 0

    async def instrument(
        self, venue: Venue, environment: Environment, symbol: Symbol, *, hurried: bool = False
    ) -> Instrument | None:
        return self._venue.listing.get(symbol)

    async def quote(
        self, venue: Venue, environment: Environment, symbol: Symbol, ago: timedelta = timedelta(0)
    ) -> Quote | None:
        return self._venue.quote(symbol, self._clock.now() - ago) if ago else self._venue.marks.get(symbol)

    async def readings(self, accounts: Sequence[ExchangeAccount]) -> Mapping[AccountId, AccountReading]:
        found = {}
        for account in accounts:
            try:
                harms = await self._before(Call.READ, account)
                reading = self._venue.reading(account.id, self._clock.now())
                self._after(harms)
            except (VenueRefused, OutcomeUnknown):
                continue
            found[account.id] = reading
        return found

    def attached_legs(self, venue: Venue) -> frozenset[Leg]:
        return ATTACHED

    def takes_stop_first(self, venue: Venue) -> bool:
        return False

    def forgets_ids(self, venue: Venue) -> bool:
        return False

    async def prepare(self, account: ExchangeAccount, symbol: Symbol, side: Side, leverage: int) -> None:
        """Nothing: an order brings its leverage with it here."""

    async def place(self, account: ExchangeAccount, ticket: Ticket, attached: Sequence[Ticket] = ()) -> Report:
        """Fill at the mark price; an attached leg that the plan refuses is left out and the entry goes through."""
        harms = await self._before(Call.PLACE, account, ticket.leg)
        kept = [each for each in attached if not self._refuses(account, each.leg)]
        fraction = next((harm.fraction for harm in harms if isinstance(harm, FillPart)), None)
        try:
            report = self._venue.place(account.id, ticket, self._clock.now(), kept, fraction=fraction)
        except VenueRefused:
            self._after(harms)
            raise
        self._after(harms)
        return report

    async def find(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> Report | None:
        harms = await self._before(Call.FIND, account)
        report = self._venue.find(account.id, client_id)
        self._after(harms)
        return report

    async def cancel(
        self, account: ExchangeAccount, symbol: Symbol, client_id: str, travelled: Travelled | None = None
    ) -> bool:
        harms = await self._before(Call.CANCEL, account)
        self._venue.cancel(account.id, client_id, self._clock.now())
        self._after(harms)
        return False

    async def holding(self, account: ExchangeAccount, symbol: Symbol, side: Side, *, hurried: bool = False) -> Holding | None:
        harms = await self._before(Call.HOLDING, account)
        holding = self._venue.holding(account.id, symbol, side)
        self._after(harms)
        return holding

    async def ending(self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        harms = await self._before(Call.ENDING, account)
        ending = self._venue.ending(account.id, symbol, side, since)
        self._after(harms)
        return ending

    async def closed_result(
        self, account: ExchangeAccount, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        harms = await self._before(Call.RESULT, account)
        result = self._venue.closed_result(account.id, symbol, side, since, until)
        self._after(harms)
        return result

    async def open_orders(self, account: ExchangeAccount) -> Sequence[OpenOrder]:
        harms = await self._before(Call.FIND, account)
        standing = self._venue.open_orders(account.id)
        self._after(harms)
        return standing

    async def transfers(self, account: ExchangeAccount, since: datetime) -> Sequence[Transfer]:
        harms = await self._before(Call.TRANSFERS, account)
        transfers = self._venue.transfers(account.id, since)
        self._after(harms)
        return transfers

    async def follow(self, accounts: Collection[ExchangeAccount]) -> None:
        """Nothing to do: the venue tells of every account."""

    async def changes(self, most: int) -> Sequence[Report]:
        told: list[Report] = []
        disorder = self._faults.disorder
        while self._venue.unread and len(told) < most:
            report = self._venue.unread.popleft()
            self._told += 1
            if falls(disorder.lose_every, self._told):
                continue
            told.append(report)
            if falls(disorder.repeat_every, self._told) and len(told) < most:
                told.append(report)
            if falls(disorder.swap_every, self._told) and len(told) > 1:
                told[-1], told[-2] = told[-2], told[-1]
        return told

    async def standings(self) -> Sequence[VenueStanding]:
        """Nothing is ever against it: its clock is ours."""
        return ()

    def tell_again(self, reports: Sequence[Report]) -> None:
        """Put reports back whose reader went away, before those that nobody has read."""
        self._venue.unread.extendleft(reversed(reports))

    async def _before(self, call: Call, account: ExchangeAccount, leg: Leg | None = None) -> tuple[Harm, ...]:
        harms = self._harms(call, account, leg)
        for harm in harms:
            match harm:
                case Delay(by):
                    await self._sleep(by)
                case Refuse(fault):
                    raise VenueRefused(fault, "injected refusal (simulated)")
                case DropBefore() | Break(done=False):
                    raise OutcomeUnknown("injected: the call was lost (simulated)")
                case LoseAnswer() | Break() | FillPart():
                    pass
        return harms

    def _after(self, harms: tuple[Harm, ...]) -> None:
        if any(isinstance(harm, LoseAnswer | Break) for harm in harms):
            raise OutcomeUnknown("injected: the answer was lost (simulated)")

    def _refuses(self, account: ExchangeAccount, leg: Leg) -> bool:
        return any(isinstance(harm, Refuse) for harm in self._harms(Call.PLACE, account, leg))

    def _harms(self, call: Call, account: ExchangeAccount, leg: Leg | None) -> tuple[Harm, ...]:
        if account.id not in self._venue.accounts:
            if self._opening_balance is None:
                raise VenueRefused(Fault.AUTH, "expected an account of this venue, was an unknown one")
            self._venue.open_account(account.id, self._opening_balance, self._clock.now())
        return self._faults.harms(call, account.id, self._venue.accounts[account.id].ordinal, leg)
