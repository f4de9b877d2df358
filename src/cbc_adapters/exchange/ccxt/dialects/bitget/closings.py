"""How Bitget's fills and bills tell what the closings of a side brought (POS-10, COM-05)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import attrs

from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.dialects.bitget.translate import closes, fill_of, liquidates
from cbc_adapters.exchange.ccxt.translate import Vendor, ending_of, number
from cbc_domain.kernel.venues import Side

ZERO = Decimal(0)


@attrs.define
class _Held:
    """What is open of a side; mutable because the walk through its trades adds to it and takes from it."""

    quantity: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    def enlarge(self, quantity: Decimal, fees: Decimal) -> None:
        if not self.quantity:
            # What was paid before belongs to what is over.
            self.fees = self.funding = ZERO
        self.quantity += quantity
        self.fees += fees

    def release(self, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """Take the share of fees and funding that leaves with a quantity; all of it where the opening was not told."""
        share = min(quantity / self.quantity, Decimal(1)) if self.quantity else Decimal(1)
        fees, funding = self.fees * share, self.funding * share
        self.quantity = max(self.quantity - quantity, ZERO)
        self.fees, self.funding = self.fees - fees, self.funding - funding
        return fees, funding


def closings_of(trades: Iterable[Vendor], bills: Iterable[Vendor], side: Side) -> Sequence[Closed]:
    """Walk the trades of a symbol: what was opened first gives its fees, and the funding since, to what closes it.

    Bills of funding name no side: with both sides open in hedge mode all of it counts for the side that is asked for.
    """
    held, told = _Held(), list[Closed]()
    unpaid = sorted(bills, key=_time)
    for group in _by_order(trades):
        effect, at = closes(group[0], side), _time(group[-1])
        # What falls due in the millisecond of an opening is owed by what was opened.
        while unpaid and (_time(unpaid[0]) < at if effect is False else _time(unpaid[0]) <= at):
            held.funding -= number(unpaid.pop(0)["amount"])
        realised = sum((number(one["profit"]) for one in group), start=ZERO)
        if effect is False:
            fills = [fill_of(one, "") for one in group]
            held.enlarge(sum((fill.quantity for fill in fills), ZERO), sum((fill.fee for fill in fills), ZERO))
        # In one-way mode what closes nothing opens the other side.
        elif effect and (held.quantity or realised or group[0]["posMode"] == "hedge_mode"):
            told.append(_closed(group, realised, held))
    return told


def _closed(group: Sequence[Vendor], realised: Decimal, held: _Held) -> Closed:
    fills = [fill_of(one, "") for one in group]
    opening_fees, funding = held.release(sum((fill.quantity for fill in fills), start=ZERO))
    ending = ending_of(fills, liquidated=any(liquidates(one) for one in group), funding=funding)
    return Closed(ending, realised - ending.fee - opening_fees - funding)


def _by_order(trades: Iterable[Vendor]) -> Iterable[Sequence[Vendor]]:
    orders: dict[str, list[Vendor]] = {}
    # Within a millisecond the venue's own numbers tell what came first.
    for trade in sorted(trades, key=lambda trade: (_time(trade), int(trade["tradeId"]))):
        orders.setdefault(str(trade["orderId"]), []).append(trade)
    return orders.values()


def _time(told: Vendor) -> int:
    return int(told["cTime"])
