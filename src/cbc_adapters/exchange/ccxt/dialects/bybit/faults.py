"""Bybit's error codes and what they mean (EXC-04).

Source: bybit-exchange.github.io/docs/v5/error.
"""

import re
from collections.abc import Mapping
from typing import Final

import ccxt as vendor

from cbc_adapters.exchange.ccxt.errors import code_of, translated
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown

FAULTS: Final[Mapping[str, Fault]] = {
    "10002": Fault.CLOCK,
    "10003": Fault.AUTH,
    "10004": Fault.AUTH,
    "10007": Fault.AUTH,
    "10008": Fault.AUTH,
    "33004": Fault.AUTH,
    "10005": Fault.PERMISSION,
    "10020": Fault.PERMISSION,
    "10027": Fault.PERMISSION,
    "10028": Fault.PERMISSION,
    "10029": Fault.PERMISSION,
    "10009": Fault.IP_NOT_ALLOWED,
    "10010": Fault.IP_NOT_ALLOWED,
    "429": Fault.RATE_LIMIT,
    "10006": Fault.RATE_LIMIT,
    "10018": Fault.RATE_LIMIT,
    "10429": Fault.RATE_LIMIT,
    "10024": Fault.REGION_BLOCKED,
    "110004": Fault.INSUFFICIENT_MARGIN,
    "110006": Fault.INSUFFICIENT_MARGIN,
    "110007": Fault.INSUFFICIENT_MARGIN,
    "110012": Fault.INSUFFICIENT_MARGIN,
    "110044": Fault.INSUFFICIENT_MARGIN,
    "110045": Fault.INSUFFICIENT_MARGIN,
    "110051": Fault.INSUFFICIENT_MARGIN,
    "110052": Fault.INSUFFICIENT_MARGIN,
    "110053": Fault.INSUFFICIENT_MARGIN,
    "110003": Fault.FILTER,
    "110013": Fault.FILTER,
    "110092": Fault.PRICE_PASSED,
    "110093": Fault.PRICE_PASSED,
    "110094": Fault.FILTER,
    "3100116": Fault.FILTER,
    "110024": Fault.POSITION_MODE,
    "110025": Fault.POSITION_MODE,
    "110028": Fault.POSITION_MODE,
    "110029": Fault.POSITION_MODE,
    "110023": Fault.SYMBOL_CLOSED,
    "110042": Fault.SYMBOL_CLOSED,
    "110074": Fault.SYMBOL_CLOSED,
    "110030": Fault.DUPLICATE_ID,
    "110072": Fault.DUPLICATE_ID,
    "110001": Fault.NOT_FOUND,
    "110008": Fault.NOT_FOUND,
    "110010": Fault.NOT_FOUND,
    "110017": Fault.REDUCE_ONLY,
    "110034": Fault.REDUCE_ONLY,
    "110063": Fault.MAINTENANCE,
    "110066": Fault.MAINTENANCE,
}
DOUBTFUL: Final = frozenset({"5004", "10000", "10014", "10016"})
"""After these an order may stand all the same."""
ALREADY: Final = frozenset({"110026", "110043"})
"""Margin mode and leverage are so already."""
GONE: Final = frozenset({"110001", "110008", "110010"})
"""The order is unknown or over."""
NOT_MODIFIED: Final = frozenset({"34040"})
"""The position has no stop of its own."""

PARAMETER: Final = "10001"
"""Some parameter was wrong: which one stands in the words alone."""
WORDS: Final = (
    ("base_price", Fault.PRICE_PASSED),
    ("position idx not match position mode", Fault.POSITION_MODE),
    ("qty", Fault.FILTER),
    ("number of contracts", Fault.FILTER),
    ("leverage", Fault.FILTER),
    ("symbol", Fault.SYMBOL_CLOSED),
)
_SAID: Final = re.compile(r'"retMsg"\s*:\s*"([^"]*)"')


def worded(error: Exception) -> Exception:
    """The refusal behind a wrong parameter, by its words; every other error that says something is given back as it is.

    An answer without a code decides nothing (EXC-05), and ccxt keeps no HTTP status beside it: a gateway may have written it.
    """
    code = code_of(error)
    if code is None and type(error) is vendor.ExchangeError:
        return OutcomeUnknown("bybit: expected an answer with a code, was one without")
    found = _SAID.search(str(error)) if code == PARAMETER else None
    fault = next((fault for words, fault in WORDS if found and words in found.group(1).lower()), None)
    return translated(error, Venue.BYBIT, {PARAMETER: fault}) if fault else error
