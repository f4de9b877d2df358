"""The profit that the other two commission bases charge: above the high water mark, and the net of a day (COM-20)."""

from collections.abc import Iterable
from decimal import Decimal

import attrs

from cbc_domain.kernel.rounding import EXACT

_NOTHING = Decimal(0)


@attrs.frozen
class WaterMark:
    """The cumulative net result of a member's live positions in USD, and the highest it has been before."""

    cumulative: Decimal = _NOTHING
    highest: Decimal = _NOTHING

    def after(self, result: Decimal) -> "WaterMark":
        cumulative = EXACT.add(self.cumulative, result)
        return WaterMark(cumulative, max(self.highest, cumulative))


def above_mark(before: WaterMark, result: Decimal) -> Decimal:
    """The part of one result that lifts the cumulative result above where it has ever been; never negative."""
    return max(_NOTHING, EXACT.subtract(before.after(result).cumulative, before.highest))


def day_profit(results: Iterable[Decimal]) -> Decimal:
    """The net result of all live positions closed on one calendar day, zero for a losing day."""
    net = _NOTHING
    for result in results:
        net = EXACT.add(net, result)
    return max(_NOTHING, net)
