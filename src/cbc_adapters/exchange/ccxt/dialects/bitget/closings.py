"""How Bitget's fills and bills tell what the closings of a side brought (POS-10, COM-05)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cbc_adapters.exchange.ccxt.closings import Bill, Dealt, by_order, walked
from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.dialects.bitget.translate import closes, fill_of, liquidates
from cbc_adapters.exchange.ccxt.translate import Vendor, number
from cbc_domain.kernel.venues import Side


def closings_of(trades: Iterable[Vendor], bills: Iterable[Vendor], side: Side) -> Sequence[Closed]:
    """Oldest first."""
    about = [trade for trade in trades if closes(trade, side) is not None]
    orders = by_order(about, lambda trade: (int(trade["cTime"]), int(trade["tradeId"])))
    owed = (Bill(int(bill["cTime"]), -number(bill["amount"])) for bill in bills)
    return walked((_dealt(group, side) for group in orders), owed)


def _dealt(group: Sequence[Vendor], side: Side) -> Dealt:
    return Dealt(
        at_ms=int(group[-1]["cTime"]),
        fills=[fill_of(one, "") for one in group],
        realised=sum((number(one["profit"]) for one in group), start=Decimal(0)),
        along=not closes(group[0], side),
        netted=group[0]["posMode"] != "hedge_mode",
        liquidated=any(liquidates(one) for one in group),
    )
