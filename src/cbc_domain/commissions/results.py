"""The part of a venue's result that belongs to the platform's quantity."""

from decimal import Decimal
from typing import Final

from cbc_domain.kernel.rounding import EXACT, half_up

RESULT_PLACES: Final = 8
"""USDT (COM-05)."""


def our_part(ours: Decimal, closed: Decimal, net: Decimal) -> Decimal | None:
    """Our share of what was closed of a side, pro rata of the closed quantity, rounded once to 8 places (COM-05, COM-06).

    None when the record does not reach our quantity: it is not complete, or nothing of ours was closed.
    """
    if ours <= 0 or closed < ours:
        return None
    part = net if closed == ours else EXACT.divide(EXACT.multiply(net, ours), closed)
    return half_up(part, RESULT_PLACES)
