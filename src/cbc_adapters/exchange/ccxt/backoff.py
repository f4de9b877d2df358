"""Whether a venue said that we ask too much, whom it means, and for how long it wants to be left alone (EXC-08)."""

import re
from collections.abc import Mapping
from typing import Final

import attrs
import ccxt as vendor

from cbc_adapters.exchange.ccxt.errors import code_of
from cbc_adapters.exchange.ccxt.limits import Payer

BANNED: Final = re.compile(r" (418|403) ")
BANNED_S: Final = {"418": 120.0, "403": 600.0}
"""For a ban without Retry-After: the shortest that Binance gives, and what Bybit asks for after "access too frequent"."""
LIMITED_S: Final = 5.0
"""For a 429 without Retry-After: all published windows but those of a minute are over by then."""
LONGEST_S: Final = 3 * 24 * 3600.0
"""The longest ban that Binance gives."""
NOT_A_LIMIT: Final = frozenset({"-2015"})
"""ccxt calls a refused key of Binance a flood when the key was good before."""


@attrs.frozen
class Backoff:
    """Who is asked to wait, and for how many seconds."""

    payer: Payer
    wait_s: float


def backoff_of(error: Exception, headers: Mapping[str, str], account_codes: frozenset[str]) -> Backoff | None:
    """None when the error is no limit; `headers` are those of the answer, names in lower case."""
    if not isinstance(error, (vendor.DDoSProtection, vendor.RateLimitExceeded)):
        return None
    code = code_of(error)
    if code in NOT_A_LIMIT:
        return None
    banned = BANNED.search(str(error))
    payer = Payer.ACCOUNT if code in account_codes and not banned else Payer.ADDRESS
    return Backoff(payer, retry_after_s(headers) or (BANNED_S[banned.group(1)] if banned else LIMITED_S))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds; None when the venue does not say or says it as a date, which none of the four does."""
    told = headers.get("retry-after", "").strip()
    return min(float(told), LONGEST_S) if told.isascii() and told.isdigit() else None
