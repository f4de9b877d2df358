"""Money that is moved into exchange accounts and out of them: what a venue tells of it, and when it is asked (RSK-03)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.kernel.ids import AccountId

ASKED_EVERY: Final = timedelta(minutes=10)
ASKED_AGAIN: Final = timedelta(minutes=1)
"""The least time between two questions about one account: by the clock, and when its equity looks moved (decision 23)."""
OVERLAP: Final = timedelta(minutes=5)
"""How long after its own instant a venue may begin to tell a transfer (decision 23)."""


@attrs.frozen
class Transfer:
    """One movement in USDT, negative when it went out; `venue_id` is the venue's own and unique within the account."""

    account: AccountId
    venue_id: str
    amount: Decimal
    at: datetime


@attrs.frozen
class Equity:
    """What accounts held together, in USDT, when the first of them was read."""

    usdt: Decimal
    at: datetime


def asked_before(now: datetime, *, looks_moved: bool = False) -> datetime:
    """The instant before which an account was asked last when it is due now; sooner when its equity looks moved."""
    return now - (ASKED_AGAIN if looks_moved else ASKED_EVERY)


def asked_since(connected_at: datetime, known_until: datetime | None) -> datetime:
    """From when on a venue is asked: what was before the connection is no concern of ours.

    `known_until` is when the last question was asked that was answered, however long ago that is.
    """
    return connected_at if known_until is None else max(connected_at, known_until - OVERLAP)
