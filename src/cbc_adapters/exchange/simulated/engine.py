"""The simulated venue: a synchronous state machine whose every change is one command, so that it can be replayed."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from cbc_adapters.exchange.simulated import orders
from cbc_adapters.exchange.simulated.commands import (
    Cancel,
    Candle,
    Command,
    Deposit,
    FillRest,
    FundingDue,
    Mark,
    OpenAccount,
    Place,
)
from cbc_adapters.exchange.simulated.journal import CommandFile
from cbc_adapters.exchange.simulated.marks import MarkPrices
from cbc_adapters.exchange.simulated.model import ZERO, Bar, Friction, VenueAccount, VenueOrder
from cbc_adapters.exchange.simulated.moves import Quiet, last_ending, move, pay_funding, quiet_range, result_between
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import ClosedResult, Ending, Holding, OpenOrder, Report, Ticket
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote

MOST_UNREAD: Final = 100_000
"""Reports kept for a reader that does not come; older ones are lost, as on a real stream."""


class SimulatedVenue:
    """Hold accounts, prices and orders of a made-up exchange; mutable because it stands for the outside world.

    Same commands, same state: nothing here reads a clock, a random source or the text of a client id.
    With a `journal_file` every change is in the file before its answer is given and is made again at the next start.
    """

    def __init__(
        self,
        listing: Iterable[Instrument],
        *,
        friction: Friction | None = None,
        journal_file: Path | None = None,
        takes_stop_first: bool = False,
    ) -> None:
        """`takes_stop_first` takes triggers where no position is yet; one that is reached before there is any lapses."""
        self.listing: Mapping[Symbol, Instrument] = {instrument.symbol: instrument for instrument in listing}
        self.friction = friction or Friction()
        self._takes_stop_first = takes_stop_first
        self.accounts: dict[AccountId, VenueAccount] = {}
        self._prices = MarkPrices()
        self.marks: Mapping[Symbol, Quote] = self._prices.latest
        self.fundings: list[FundingDue] = []
        self.unread: deque[Report] = deque(maxlen=MOST_UNREAD)
        self._holders: dict[Symbol, dict[AccountId, None]] = {}
        self._quiet: dict[Symbol, Quiet] = {}
        self._unwritten: dict[Symbol, Mark] = {}
        self._file: CommandFile | None = None
        if journal_file is not None:
            self._resume(journal_file)

    def open_account(self, account: AccountId, balance: Decimal, at: datetime, *, hedge: bool = False) -> None:
        """Give an account its virtual USDT; one that is open stays as it is."""
        if account not in self.accounts:
            self._do(OpenAccount(account, balance, hedge, at))

    def deposit(self, account: AccountId, amount: Decimal, at: datetime) -> None:
        """Move USDT in, or out when negative."""
        self._do(Deposit(account, amount, at))

    def set_price(self, symbol: Symbol, price: Decimal, at: datetime) -> None:
        """Set the mark price and fire what it reaches."""
        self.apply_candle(symbol, price, price, price, price, at)

    def apply_candle(self, symbol: Symbol, open: Decimal, high: Decimal, low: Decimal, close: Decimal, at: datetime) -> None:
        """Live through one bar of mark prices; the stop counts before the target when both lie in it (BT-04)."""
        candle = Candle(symbol, Bar(open, high, low, close), at)
        if self._apply(candle):
            self._unwritten.pop(symbol, None)
            self._write(candle)
        elif self._file is not None:
            # Prices that set nothing off are written only when something depends on them: a day of ticks costs nothing.
            self._unwritten[symbol] = Mark(symbol, close, at)

    def apply_funding(self, symbol: Symbol, rate: Decimal, at: datetime) -> None:
        """Exchange funding at the mark price: at a positive rate longs pay and shorts receive."""
        self._do(FundingDue(symbol, rate, at))

    def place(
        self,
        account: AccountId,
        ticket: Ticket,
        at: datetime,
        attached: Sequence[Ticket] = (),
        *,
        fraction: Decimal | None = None,
    ) -> Report:
        """Take an order; `fraction` fills only that part of a market order and leaves the rest open.

        Raises VenueRefused, and then nothing has changed.
        """
        self._do(Place(account, ticket, tuple(attached), at, fraction))
        return self.accounts[account].orders[ticket.client_id].report(account)

    def fill_rest(self, account: AccountId, client_id: str, at: datetime) -> None:
        """Fill what a partial fill left, at the mark price of now."""
        self._do(FillRest(account, client_id, at))

    def cancel(self, account: AccountId, client_id: str, at: datetime) -> None:
        """Cancel an order; one that is final or unknown is done already."""
        order = self._account(account).orders.get(client_id)
        if order is not None and order.open:
            self._do(Cancel(account, client_id, at))

    def find(self, account: AccountId, client_id: str) -> Report | None:
        order = self._account(account).orders.get(client_id)
        return order.report(account) if order else None

    def holding(self, account: AccountId, symbol: Symbol, side: Side | None = None) -> Holding | None:
        """The position in a symbol; without a side in hedge mode with both open the long one."""
        held = [p for p in self._account(account).positions.values() if p.symbol == symbol and side in {None, p.side}]
        return min((Holding(p.symbol, p.side, p.quantity) for p in held), key=lambda h: h.side, default=None)

    def open_orders(self, account: AccountId) -> list[OpenOrder]:
        """What stands for an account, oldest first."""
        standing = (order.ticket for order in self._account(account).orders.values() if order.open)
        return [OpenOrder(ticket.symbol, ticket.client_id) for ticket in standing]

    def transfers(self, account: AccountId, since: datetime) -> list[Transfer]:
        """What was moved in and out at or after `since`, oldest first."""
        return [each for each in self._account(account).transfers if each.at >= since]

    def ending(self, account: AccountId, symbol: Symbol, side: Side, since: datetime) -> Ending | None:
        """The last execution of a closing order of a side of a symbol at or after `since`."""
        return last_ending(self._account(account), symbol, side, since)

    def closed_result(
        self, account: AccountId, symbol: Symbol, side: Side, since: datetime, until: datetime
    ) -> ClosedResult | None:
        """What all closings of a side of a symbol between two instants brought, both included."""
        return result_between(self._account(account), symbol, side, since, until)

    def quote(self, symbol: Symbol, at: datetime) -> Quote | None:
        """The mark price that stood at a moment, at most a minute back; None when nothing is known of it."""
        return self._prices.at(symbol, at)

    def unrealised(self, account: AccountId) -> Decimal:
        positions = self._account(account).positions.values()
        return sum((p.unrealised(self.marks[p.symbol].price) for p in positions), start=ZERO)

    def reading(self, account: AccountId, at: datetime) -> AccountReading:
        """Equity is cash and open result; available is cash without the margin in use."""
        of = self._account(account)
        equity = of.cash + self.unrealised(account)
        held = frozenset(symbol for symbol, _ in of.positions)
        return AccountReading(account, equity, of.available, of.margin_in_use, at, held)

    def close(self) -> None:
        """Let go of the journal file."""
        if self._file is not None:
            self._file.close()

    def _account(self, account: AccountId) -> VenueAccount:
        if account not in self.accounts:
            raise VenueRefused(Fault.AUTH, "expected an account of this venue, was an unknown one")
        return self.accounts[account]

    def _resume(self, journal_file: Path) -> None:
        self._file = CommandFile(journal_file)
        try:
            for command in self._file.read():
                self._apply(command)
        except DomainError:
            self._file.close()
            raise
        # A real private stream does not repeat the past either.
        self.unread.clear()

    def _do(self, command: Command) -> None:
        self._apply(command)
        for mark in self._unwritten.values():
            self._write(mark)
        self._unwritten.clear()
        self._write(command)

    def _apply(self, command: Command) -> bool:
        """Change the state; say whether an order or a position changed."""
        match command:
            case OpenAccount(account, balance, hedge):
                ordinal, first = len(self.accounts) + 1, self._takes_stop_first
                self.accounts[account] = VenueAccount(account, ordinal, hedge, balance, takes_stop_first=first)
            case Deposit(account, amount, at):
                self._account(account).move(amount, at)
            case Mark(symbol, price, at):
                self._prices.set(Quote(symbol, price, at))
            case Candle():
                return self._live_through(command)
            case FundingDue(symbol, rate, at):
                self._quiet.pop(symbol, None)
                self.fundings.append(command)
                for account in self._holders.get(symbol, {}):
                    pay_funding(self.accounts[account], self._quote(symbol), rate, at)
            case Place(account, ticket):
                of, instrument = self._account(account), self._listed(ticket.symbol)
                self._tell(of, orders.place(of, instrument, self._quote(ticket.symbol), self.friction, command))
            case FillRest(account, client_id, at):
                of, symbol = self._account(account), self._symbol(account, client_id)
                rest = orders.fill_rest(of, self._listed(symbol), self._quote(symbol), self.friction, client_id, at)
                self._tell(of, rest)
            case Cancel(account, client_id, at):
                of = self._account(account)
                self._tell(of, orders.cancel(of, client_id, at))
        return True

    def _live_through(self, candle: Candle) -> bool:
        instrument = self._listed(candle.symbol)
        self._prices.set(Quote(candle.symbol, candle.bar.close, candle.at))
        quiet = self._quiet.get(candle.symbol)
        if quiet is not None and quiet.covers(candle.bar):
            return False
        changed = False
        holders = [self.accounts[account] for account in self._holders.get(candle.symbol, {})]
        for account in holders:
            struck = move(account, instrument, self.friction, candle.bar, candle.at)
            self._tell(account, struck)
            changed = changed or bool(struck)
        self._quiet[candle.symbol] = quiet_range(holders, instrument)
        return changed

    def _tell(self, account: VenueAccount, changed: Sequence[VenueOrder]) -> None:
        self.unread.extend(order.report(account.id) for order in changed)
        for symbol in {order.ticket.symbol for order in changed}:
            self._quiet.pop(symbol, None)
            holders = self._holders.setdefault(symbol, {})
            holders.pop(account.id, None)
            if any((symbol, side) in account.positions or account.open_orders(symbol, side) for side in Side):
                holders[account.id] = None

    def _symbol(self, account: AccountId, client_id: str) -> Symbol:
        order = self._account(account).orders.get(client_id)
        if order is None:
            raise VenueRefused(Fault.NOT_FOUND, f"expected an order of this account, was {client_id!r}")
        return order.ticket.symbol

    def _listed(self, symbol: Symbol) -> Instrument:
        instrument = self.listing.get(symbol)
        if instrument is None or not instrument.tradable:
            raise VenueRefused(Fault.SYMBOL_CLOSED, f"expected a tradable symbol, was {symbol}")
        return instrument

    def _quote(self, symbol: Symbol) -> Quote:
        if symbol not in self.marks:
            raise VenueRefused(Fault.SYMBOL_CLOSED, f"expected a mark price, was none for {symbol}")
        return self.marks[symbol]

    def _write(self, command: Command) -> None:
        if self._file is not None:
            self._file.append(command)
