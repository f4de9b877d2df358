"""How Binance's trades and funding payments add up to closings of one side."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import attrs

from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.dialects.binance.translate import fill_of
from cbc_adapters.exchange.ccxt.translate import Vendor, ending_of, number
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Side
from cbc_domain.trading.model import Fill

NONE = Decimal(0)


@attrs.frozen
class _Order:
    """All trades of one order."""

    trades: Sequence[Vendor]

    @property
    def fills(self) -> list[Fill]:
        return [fill_of(one, "") for one in self.trades]

    @property
    def quantity(self) -> Decimal:
        return _sum(self.trades, "qty")

    @property
    def fees(self) -> Decimal:
        return _sum(self.trades, "commission")

    @property
    def realised(self) -> Decimal:
        return _sum(self.trades, "realizedPnl")

    def concerns(self, side: Side) -> bool:
        return self.trades[0]["positionSide"] in {"BOTH", side.value}

    def reduces(self, side: Side, held: Decimal) -> bool:
        """In one-way mode a sale closes a long that is there, or else opens a short; what it realised tells it too."""
        against = (self.trades[0]["side"] == "SELL") == (side is Side.LONG)
        return against and (self.trades[0]["positionSide"] != "BOTH" or held > 0 or self.realised != 0)

    def adds(self, side: Side) -> bool:
        along = (self.trades[0]["side"] == "BUY") == (side is Side.LONG)
        return along and (self.trades[0]["positionSide"] != "BOTH" or self.realised == 0)


def closings_of(trades: Iterable[Vendor], fundings: Iterable[Vendor], side: Side) -> Sequence[Closed]:
    """Walk the orders of a symbol, oldest first: what was opened gives its fees and its funding to what closes it.

    Funding bills name no side: with both sides open they are all taken for the side that is asked about.
    """
    held = opening_fees = owed = NONE
    bills = sorted(fundings, key=lambda one: int(one["time"]))
    told: list[Closed] = []
    for order in _orders(trades):
        if not order.concerns(side):
            continue
        if order.reduces(side, held):
            at = int(order.trades[-1]["time"])
            owed += sum((-number(bill["income"]) for bill in bills if int(bill["time"]) <= at), NONE)
            bills = [bill for bill in bills if int(bill["time"]) > at]
            share = min(EXACT.divide(order.quantity, held), Decimal(1)) if held else Decimal(1)
            fees, funding = EXACT.multiply(opening_fees, share), EXACT.multiply(owed, share)
            ending = ending_of(order.fills, liquidated=False, funding=funding)
            told.append(Closed(ending, order.realised - order.fees - fees - funding))
            held, opening_fees, owed = max(held - order.quantity, NONE), opening_fees - fees, owed - funding
        elif order.adds(side):
            held, opening_fees = held + order.quantity, opening_fees + order.fees
    return told


def _orders(trades: Iterable[Vendor]) -> list[_Order]:
    grouped: dict[str, list[Vendor]] = {}
    for trade in trades:
        grouped.setdefault(str(trade["orderId"]), []).append(trade)
    return [_Order(group) for group in grouped.values()]


def _sum(trades: Iterable[Vendor], name: str) -> Decimal:
    return sum((number(one[name]) for one in trades), NONE)
