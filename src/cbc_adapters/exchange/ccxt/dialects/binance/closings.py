"""How Binance's trades and funding payments tell what the closings of a side brought (POS-10, COM-05)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.closings import Bill, Dealt, by_order, walked
from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.dialects.binance.translate import fill_of
from cbc_adapters.exchange.ccxt.translate import Vendor, number
from cbc_domain.kernel.venues import Side

NETTED: Final = "BOTH"
"""The `positionSide` of one-way mode."""


def closings_of(trades: Iterable[Vendor], bills: Iterable[Vendor], side: Side) -> Sequence[Closed]:
    """Oldest first; liquidations are told by nothing in a trade."""
    about = [trade for trade in trades if trade["positionSide"] in {NETTED, side.value}]
    orders = by_order(about, lambda trade: (int(trade["time"]), int(trade["id"])))
    owed = (Bill(int(bill["time"]), -number(bill["income"])) for bill in bills)
    return walked((_dealt(group, side) for group in orders), owed)


def _dealt(group: Sequence[Vendor], side: Side) -> Dealt:
    return Dealt(
        at_ms=int(group[-1]["time"]),
        fills=[fill_of(one, "") for one in group],
        realised=sum((number(one["realizedPnl"]) for one in group), start=Decimal(0)),
        along=(group[0]["side"] == "BUY") == (side is Side.LONG),
        netted=group[0]["positionSide"] == NETTED,
    )
