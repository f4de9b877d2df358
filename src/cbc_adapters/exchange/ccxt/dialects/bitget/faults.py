"""Bitget's error codes and what they mean (EXC-04).

Source: www.bitget.com/api-doc/contract/error-code/restapi.
"""

from collections.abc import Mapping
from typing import Final

from cbc_domain.ports.venue_faults import Fault

FAULTS: Final[Mapping[str, Fault]] = {
    **dict.fromkeys(("40001", "40002", "40003", "40006", "40009", "40011", "40012", "40036", "40037"), Fault.AUTH),
    # A demo key at the live venue, or the other way round.
    "40099": Fault.AUTH,
    **dict.fromkeys(("40014", "40016", "40022", "40085"), Fault.PERMISSION),
    **dict.fromkeys(("40018", "40038"), Fault.IP_NOT_ALLOWED),
    **dict.fromkeys(("40004", "40005", "40008"), Fault.CLOCK),
    **dict.fromkeys(("40711", "40712", "40754", "40762", "43012", "45002"), Fault.INSUFFICIENT_MARGIN),
    **dict.fromkeys(("40017", "40108", "40706", "40797", "40808", "41101", "41103"), Fault.FILTER),
    **dict.fromkeys(("45110", "45111", "45112", "45113", "45114", "45115"), Fault.FILTER),
    # A trigger on the wrong side of the price.
    **dict.fromkeys(("40830", "40832", "40834", "40836", "40915", "40917", "43034", "43035", "45060"), Fault.PRICE_PASSED),
    **dict.fromkeys(("45061", "45062", "45122"), Fault.PRICE_PASSED),
    "40774": Fault.POSITION_MODE,
    **dict.fromkeys(("40034", "40102", "40308", "40309", "41114", "43115"), Fault.SYMBOL_CLOSED),
    **dict.fromkeys(("40786", "43118", "45034"), Fault.DUPLICATE_ID),
    **dict.fromkeys(("22001", "40109", "40768", "40819", "43001", "43025", "45057"), Fault.NOT_FOUND),
    **dict.fromkeys(("22002", "40755", "40757", "40837", "43043"), Fault.REDUCE_ONLY),
    "40200": Fault.MAINTENANCE,
}
DOUBTFUL: Final = frozenset({"429", "40010", "40015", "40604", "40725", "40910", "45001"})
"""After these an order may stand all the same: too many requests, time-outs, and errors of the venue's own making."""
GONE: Final = frozenset(code for code, fault in FAULTS.items() if fault is Fault.NOT_FOUND)
"""The order is unknown or over."""
