"""Binance's error codes and what they mean (EXC-04).

Source: developers.binance.com/docs/derivatives/usds-margined-futures/error-code.
"""

from collections.abc import Mapping
from typing import Final

from cbc_domain.ports.venue_faults import Fault

FAULTS: Final[Mapping[str, Fault]] = {
    "-1021": Fault.CLOCK,
    "-1022": Fault.AUTH,
    "-2014": Fault.AUTH,
    "-2015": Fault.AUTH,
    "-1121": Fault.SYMBOL_CLOSED,
    "-4140": Fault.SYMBOL_CLOSED,
    "-4141": Fault.SYMBOL_CLOSED,
    "-1111": Fault.FILTER,
    "-1013": Fault.FILTER,
    "-4003": Fault.FILTER,
    "-4005": Fault.FILTER,
    "-4014": Fault.FILTER,
    "-4023": Fault.FILTER,
    "-4028": Fault.FILTER,
    "-4131": Fault.FILTER,
    "-4164": Fault.FILTER,
    "-2021": Fault.PRICE_PASSED,
    "-2027": Fault.FILTER,
    "-2028": Fault.INSUFFICIENT_MARGIN,
    "-2018": Fault.INSUFFICIENT_MARGIN,
    "-2019": Fault.INSUFFICIENT_MARGIN,
    "-4061": Fault.POSITION_MODE,
    "-4068": Fault.POSITION_MODE,
    "-4111": Fault.DUPLICATE_ID,
    "-4115": Fault.DUPLICATE_ID,
    "-4116": Fault.DUPLICATE_ID,
    "-2011": Fault.NOT_FOUND,
    "-2013": Fault.NOT_FOUND,
    "-2022": Fault.REDUCE_ONLY,
    "-4118": Fault.REDUCE_ONLY,
    "-4509": Fault.REDUCE_ONLY,
    "-1008": Fault.MAINTENANCE,
    "-1016": Fault.MAINTENANCE,
}
DOUBTFUL: Final = frozenset({"-1000", "-1001", "-1003", "-1006", "-1007"})
"""After these an order may stand all the same."""
ALREADY: Final = frozenset({"-4046", "-4059"})
"""Margin type and position mode are so already."""
GONE: Final = frozenset({"-2011", "-2013"})
"""The order is unknown or over."""
