"""What the simulated venue keeps: accounts, positions, orders, and what became of them."""

from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.exchange import Report, ReportState, Ticket
from cbc_domain.risk.transfers import Transfer
from cbc_domain.trading.model import Fill, Leg

ZERO = Decimal(0)
ATTACHED: Final = frozenset({Leg.STOP, Leg.TARGET})
"""What an entry can carry with it at the simulated venue."""


@attrs.frozen
class Friction:
    """What a fill costs beside fees: `slippage` is a fraction of the price, 0.0005 = 0.05% (ELG-08).

    With `maker_targets` a target rests in the book and pays the maker fee; otherwise all pay the taker fee.
    """

    slippage: Decimal = Decimal("0.0005")
    maker_targets: bool = False


@attrs.define
class VenuePosition:
    """An open position; mutable because a venue's book changes in place.

    `cost` is the sum of price x coins of what is still open, so that adding and reducing never loses a fraction;
    `margin` is its isolated collateral in USDT; `paid` is what its opening fees and funding cost so far, `funding` the part of
    it that is funding.
    """

    symbol: Symbol
    side: Side
    contract_size: Decimal
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    margin: Decimal = ZERO
    paid: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def coins(self) -> Decimal:
        return self.quantity * self.contract_size

    @property
    def entry_price(self) -> Decimal:
        return self.cost / self.coins

    def unrealised(self, mark: Decimal) -> Decimal:
        value = mark * self.coins
        return value - self.cost if self.side is Side.LONG else self.cost - value


@attrs.define
class VenueOrder:
    """An order as the venue has it; mutable because fills and cancellations arrive later."""

    ticket: Ticket
    venue_order_id: str
    quantity: Decimal
    state: ReportState
    at: datetime
    code: str | None = None
    fills: list[Fill] = attrs.field(factory=list)

    @property
    def open(self) -> bool:
        return self.state in {ReportState.LIVE, ReportState.PARTIALLY_FILLED}

    @property
    def rest(self) -> Decimal:
        return self.quantity - sum((fill.quantity for fill in self.fills), start=ZERO)

    def report(self, account: AccountId) -> Report:
        return Report(
            account=account,
            client_id=self.ticket.client_id,
            venue_order_id=self.venue_order_id,
            state=self.state,
            fills=tuple(self.fills),
            at=self.at,
            code=self.code,
        )


def number_of(venue_id: str) -> int:
    """The number of an order or a fill within its account: whatever came later has a higher one."""
    return int(venue_id.rpartition("-")[2])


@attrs.frozen
class Closing:
    """One execution that closed something of a side: its result in USDT after all fees and funding.

    `realised` is the result of the price alone, `fill` the execution.
    """

    symbol: Symbol
    side: Side
    quantity: Decimal
    net: Decimal
    at: datetime
    realised: Decimal
    fill: str


@attrs.frozen
class FundingBill:
    """What funding took from the cash of an account in a moment, in USDT; negative when the account was paid."""

    symbol: Symbol
    paid: Decimal
    at: datetime


@attrs.define
class VenueAccount:
    """An account and all it did; mutable because the venue owns its truth.

    `ordinal` counts accounts in the order of opening. With `takes_stop_first` a stop may stand before its entry. Always
    cash = deposits + realised - fees - funding. What it was opened with is a deposit and no transfer.
    """

    id: AccountId
    ordinal: int
    hedge: bool = False
    deposits: Decimal = ZERO
    takes_stop_first: bool = attrs.field(default=False, kw_only=True)
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    positions: dict[tuple[Symbol, Side], VenuePosition] = attrs.field(factory=dict)
    orders: dict[str, VenueOrder] = attrs.field(factory=dict)
    leverage: dict[Symbol, int] = attrs.field(factory=dict)
    last_number: int = 0
    closings: list[Closing] = attrs.field(factory=list)
    bills: list[FundingBill] = attrs.field(factory=list)
    transfers: list[Transfer] = attrs.field(factory=list)
    resting: list[VenueOrder] = attrs.field(factory=list, eq=False)

    @property
    def cash(self) -> Decimal:
        return self.deposits + self.realised - self.fees - self.funding

    @property
    def margin_in_use(self) -> Decimal:
        return sum((position.margin for position in self.positions.values()), start=ZERO)

    @property
    def available(self) -> Decimal:
        """What is free for new margin; open profit is not."""
        return max(ZERO, self.cash - self.margin_in_use)

    def move(self, amount: Decimal, at: datetime) -> None:
        """Take money in, or out when negative."""
        self.deposits += amount
        self.transfers.append(Transfer(self.id, f"{self.ordinal}{len(self.transfers) + 1:06}", amount, at))

    def next_id(self) -> str:
        self.last_number += 1
        return f"SIM-{self.ordinal}-{self.last_number}"

    def keep(self, order: VenueOrder) -> None:
        self.orders[order.ticket.client_id] = order
        self.resting.append(order)

    def open_orders(self, symbol: Symbol, side: Side) -> list[VenueOrder]:
        """What may still fill or fire, oldest first."""
        self.resting = [order for order in self.resting if order.open]
        return [order for order in self.resting if order.ticket.symbol == symbol and order.ticket.side is side]


@attrs.frozen
class Bar:
    """One candle of mark prices; a single price is a bar of four equal prices."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
