"""What a venue's refusal means to us: the one set of causes of EXC-04, from the venue's own code first."""

import logging
import re
from collections.abc import Mapping
from traceback import extract_tb
from typing import Final

import ccxt as vendor
from aiohttp import ClientError

from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused

CODE: Final = re.compile(r'"(?:sCode|retCode|code)"\s*:\s*"?(-?\d+)"?')
STATUS: Final = re.compile(r"https://\S+ (\d{3}) ")
NO_CODES: Final = frozenset({"0", "1", "2", "200", "00000"})
"""What stands where a code would be without being one; an OKX batch says 1 or 2, and the reason is inside."""

SHOWN: Final = 160
"""Characters of an error that has no words of the venue in it."""

BY_CLASS: Final[tuple[tuple[type[Exception], Fault], ...]] = (
    (vendor.InsufficientFunds, Fault.INSUFFICIENT_MARGIN),
    (vendor.InvalidNonce, Fault.CLOCK),
    (vendor.DuplicateOrderId, Fault.DUPLICATE_ID),
    (vendor.OrderNotFound, Fault.NOT_FOUND),
    (vendor.PermissionDenied, Fault.PERMISSION),
    (vendor.AuthenticationError, Fault.AUTH),
    (vendor.BadSymbol, Fault.SYMBOL_CLOSED),
    (vendor.InvalidOrder, Fault.FILTER),
    (vendor.OnMaintenance, Fault.MAINTENANCE),
)
"""The first that fits, where the venue's code says nothing to us."""

UNANSWERED: Final = (vendor.DDoSProtection, vendor.RateLimitExceeded, vendor.RequestTimeout, vendor.ExchangeNotAvailable)
"""Whatever these say, the order may have been taken: it is asked for by its client id (ORD-04)."""

DEEPEST: Final = 6
"""Frames of an unforeseen error that are logged."""

_LOG: Final = logging.getLogger(__name__)

REGION: Final = frozenset({"403", "451"})


def code_of(error: Exception) -> str | None:
    """The venue's own code in an error, None when it has none."""
    found = [code for code in CODE.findall(str(error)) if code not in NO_CODES]
    return found[-1] if found else None


def translated(
    error: Exception, venue: Venue, faults: Mapping[str, Fault], doubtful: frozenset[str] = frozenset()
) -> VenueRefused | OutcomeUnknown:
    """The refusal that an error of ccxt stands for; `doubtful` are codes after which an order may stand all the same.

    The text names venue, code and the venue's words; addresses, keys and signatures are left out (KEY-08).
    """
    code = code_of(error)
    told = f"{venue.value} {code or type(error).__name__}: {_words(error)}"
    if code is not None and code in faults and not isinstance(error, vendor.DDoSProtection):
        return VenueRefused(faults[code], told)
    if code in doubtful:
        return OutcomeUnknown(told)
    status = STATUS.search(str(error))
    if status is not None and status.group(1) in REGION:
        return VenueRefused(Fault.REGION_BLOCKED, told)
    for kind, fault in BY_CLASS:
        if isinstance(error, kind):
            return VenueRefused(fault, told)
    # ccxt makes an answer that broke off in its middle a plain error, as if the venue had said no.
    if isinstance(error, (*UNANSWERED, vendor.NetworkError)) or isinstance(error.__cause__, ClientError):
        return OutcomeUnknown(told)
    return VenueRefused(Fault.UNKNOWN, told)


def unforeseen(error: Exception, venue: Venue) -> OutcomeUnknown:
    """What an error of no kind that ccxt names means: an answer that nobody can read, or a fault on the way.

    The venue may have done what it was asked. Where it happened is logged for whoever has to mend it; the error's own words
    may hold anything and are not (KEY-08).
    """
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(extract_tb(error.__traceback__)[-DEEPEST:]))
    _LOG.error("call.unforeseen: %s at %s in %s", type(error).__name__, venue.value, where)
    return OutcomeUnknown(f"{venue.value}: expected an answer that can be read, was {type(error).__name__}")


def _words(error: Exception) -> str:
    found = re.search(r'"(?:msg|retMsg|sMsg)"\s*:\s*"([^"]{1,120})"', str(error))
    return found.group(1) if found else re.sub(r"https://\S+", "", str(error))[:SHOWN]
