"""How the trades of a symbol add up to closings of one side, at venues that book no result of a whole position (POS-10)."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.translate import Vendor, ending_of, filled
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.trading.model import Fill

ZERO: Final = Decimal(0)


@attrs.frozen
class Dealt:
    """All trades of one order, seen from the side that is asked for.

    `along` is whether it buys what the side is made of; in one-way mode (`netted`) such an order may as well have closed the
    other side. `realised` is the result of the trades in USDT before fees.
    """

    at_ms: int
    fills: Sequence[Fill]
    realised: Decimal
    along: bool
    netted: bool
    liquidated: bool = False

    @property
    def quantity(self) -> Decimal:
        return filled(self.fills)

    @property
    def fees(self) -> Decimal:
        return sum((fill.fee for fill in self.fills), start=ZERO)

    @property
    def opens(self) -> bool:
        """What realises something in one-way mode has closed the other side instead."""
        return self.along and not (self.netted and self.realised)

    def closes(self, held: Decimal) -> bool:
        """What closes nothing in one-way mode opens the other side; what it realised tells it where no opening is known."""
        return not self.along and bool(not self.netted or held or self.realised)


@attrs.frozen
class Bill:
    """A funding payment in USDT, positive when the member paid."""

    at_ms: int
    paid: Decimal


@attrs.define
class _Held:
    """What is open of a side; mutable because the walk through its trades adds to it and takes from it."""

    quantity: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    def enlarge(self, dealt: Dealt) -> None:
        if not self.quantity:
            # What was paid before belongs to what is over.
            self.fees = self.funding = ZERO
        self.quantity += dealt.quantity
        self.fees += dealt.fees

    def release(self, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Take the share of fees and funding that leaves with a quantity; all of it where the opening was not told."""
        share = min(EXACT.divide(quantity, self.quantity), Decimal(1)) if self.quantity else Decimal(1)
        fees, funding = EXACT.multiply(self.fees, share), EXACT.multiply(self.funding, share)
        self.quantity = max(self.quantity - quantity, ZERO)
        self.fees, self.funding = self.fees - fees, self.funding - funding
        return fees, funding


def walked(orders: Iterable[Dealt], bills: Iterable[Bill]) -> Sequence[Closed]:
    """Walk the orders, oldest first: what was opened gives its fees, and the funding since, to what closes it.

    Bills of funding name no side: with both sides open in hedge mode all of it counts for the side that is asked for.
    """
    held, told = _Held(), list[Closed]()
    unpaid = sorted(bills, key=lambda bill: bill.at_ms)
    for dealt in orders:
        # What falls due in the millisecond of an opening is owed by what was opened.
        while unpaid and (unpaid[0].at_ms < dealt.at_ms if dealt.along else unpaid[0].at_ms <= dealt.at_ms):
            held.funding += unpaid.pop(0).paid
        if dealt.opens:
            held.enlarge(dealt)
        elif dealt.closes(held.quantity):
            fees, funding = held.release(dealt.quantity)
            ending = ending_of(dealt.fills, liquidated=dealt.liquidated, funding=funding)
            told.append(Closed(ending, dealt.realised - ending.fee - fees - funding))
    return told


def by_order(trades: Iterable[Vendor], when: Callable[[Vendor], tuple[int, int]]) -> list[list[Vendor]]:
    """Trades grouped by their order (`orderId`), oldest first; `when` is milliseconds, and the venue's number within one."""
    orders: dict[str, list[Vendor]] = {}
    for trade in sorted(trades, key=when):
        orders.setdefault(str(trade["orderId"]), []).append(trade)
    return list(orders.values())
