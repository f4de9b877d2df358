"""Every step of a trade at which a worker may be killed, by the name that the business has for it."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from cbc_domain.trading.model import Leg

INTENDED: Final = "answers are kept, protection is intended"
ENDED: Final = "tasks are ended"
WAVE: Final = "answers are written"
"""A wave of answers is one unit, and a point of each kind of what it leads to."""

UNITS: Final[Mapping[str, str]] = {
    "SignalIntake._store": "an alert is stored",
    "DecideSignal._decide": "a signal is decided",
    "PlanOrders._decide_page": "members are planned",
    "PlanOrders._refuse_page": "members are refused",
    "ClosePositions._page": "closes are planned",
    "_finish": "a signal is done",
    "PlaceOrders._claim": "tasks are taken",
    "PlaceOrders._write": WAVE,
    "ApplyFills._fold": "reports are folded",
    "Reconcile._page": "quiet positions are looked for",
    "SettleTrades._settle": "trades are settled",
}
"""The units of work by the use case that acts: `before` is before the commit, `after` is after it."""

PLACED: Final[Mapping[Leg, str]] = {
    Leg.ENTRY: "an entry is sent",
    Leg.STOP: "a stop is sent",
    Leg.TARGET: "a target is sent",
    Leg.EXIT: "an exit is sent",
}
CALLS: Final = (
    *PLACED.values(),
    "an order is asked for",
    "an order is cancelled",
    "a holding is asked for",
    "a closing is asked for",
    "a result is asked for",
    "balances are read",
)
"""The calls to the venue: `before` is before the venue hears of it, `after` is before the answer is used."""

STREAM: Final = "the stream is read"
"""Only `after`: the reports have left the venue and are known to nobody else."""

_STEPS: Final = (*(name for name in UNITS.values() if name != WAVE), INTENDED, ENDED, *CALLS)
POINTS: Final = (*(f"{when} {name}" for name in _STEPS for when in ("before", "after")), f"after {STREAM}")


def unit_name(act: object) -> str | None:
    """The business's name of what a unit of work does; None for a unit that no trade passes through."""
    done = act.func if isinstance(act, partial) else act
    return UNITS.get(getattr(done, "__qualname__", type(done).__qualname__))
