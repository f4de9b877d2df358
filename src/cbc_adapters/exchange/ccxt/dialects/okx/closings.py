"""How positions ended at OKX: each fill from the trades, and what the whole position cost from the venue's record of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from cbc_adapters.exchange.ccxt.dialect import Closed
from cbc_adapters.exchange.ccxt.dialects.okx.translate import fill_of
from cbc_adapters.exchange.ccxt.translate import Vendor, ending_of, instant, number
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.kernel.venues import Side

LIQUIDATIONS: Final = frozenset(map(str, range(100, 108)))
"""The `subType` of partial and whole liquidations; 125 and more are deleveraging, where nobody failed."""
APART: Final = timedelta(seconds=1)
"""How far the stamps of a trade and of the position that it closed may lie apart."""


def records_of(told: Sequence[Vendor], side: Side) -> list[Vendor]:
    """The venue's records of positions of a side in which something was closed, oldest first."""
    of_side = [one for one in told if one["direction"] == side.value.lower() and number(one["closeTotalPos"])]
    return sorted(of_side, key=lambda one: int(one["cTime"]))


def merged(*pages: Sequence[Vendor]) -> list[Vendor]:
    """Fills of several answers, each of them once, oldest first."""
    once = {(one["ordId"], one["tradeId"]): one for page in pages for one in page}
    return sorted(once.values(), key=lambda one: (int(one["ts"]), int(one["billId"])))


def closings_of(records: Sequence[Vendor], fills: Sequence[Vendor], side: Side, since: datetime) -> list[Closed]:
    """One closing for each order that closed something, with its share of the position's opening fees and funding."""
    told = [closed for record in records for closed in _of_record(record, fills, side)]
    return [closed for closed in told if closed.ending.at >= since]


def _of_record(record: Vendor, fills: Sequence[Vendor], side: Side) -> Iterator[Closed]:
    groups = _orders(record, fills, side)
    closing_fees = sum((number(one["fee"]) for group in groups for one in group), start=Decimal(0))
    other_fees = number(record["fee"]) - closing_fees + number(record.get("liqPenalty"))
    # A position that is open still has paid to open what is not closed yet, too.
    opened = max(number(record["closeTotalPos"]), number(record["openMaxPos"]))
    for group in groups:
        yield _closed(group, opened, other_fees, number(record["fundingFee"]))


def _orders(record: Vendor, fills: Sequence[Vendor], side: Side) -> list[list[Vendor]]:
    """The fills that closed this position, by order: no more of them than the record counts, for in net mode the same
    order may have gone on to open the other side.
    """
    first, last = instant(record["cTime"]), instant(record["uTime"]) + APART
    left, orders = number(record["closeTotalPos"]), dict[str, list[Vendor]]()
    for one in fills:
        at = instant(one.get("fillTime") or one["ts"])
        if left > 0 and first <= at <= last and _closes(one, side):
            orders.setdefault(str(one["ordId"]), []).append(one)
            left -= number(one["fillSz"])
    return list(orders.values())


def _closes(fill: Vendor, side: Side) -> bool:
    return fill["posSide"] in {"net", side.value.lower()} and (fill["side"] == "sell") == (side is Side.LONG)


def _closed(group: Sequence[Vendor], opened: Decimal, other_fees: Decimal, funding_fees: Decimal) -> Closed:
    fills = [fill_of(one, "") for one in group]
    share = EXACT.divide(sum((fill.quantity for fill in fills), start=Decimal(0)), opened)
    funding = EXACT.multiply(share, funding_fees)
    liquidated = any(one.get("subType") in LIQUIDATIONS for one in group)
    ending = ending_of(fills, liquidated=liquidated, funding=-funding)
    result = sum((number(one["fillPnl"]) for one in group), start=Decimal(0))
    return Closed(ending, result - ending.fee + EXACT.multiply(share, other_fees) + funding)
