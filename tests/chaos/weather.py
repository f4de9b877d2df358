"""What goes wrong at the venue in a seed: lost before, lost after, refused, in part, late, out of order."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Final

from cbc_adapters.exchange.simulated.faults import (
    Call,
    Delay,
    Disorder,
    DropBefore,
    Failure,
    FaultPlan,
    FillPart,
    LoseAnswer,
    OneIn,
    Refuse,
)
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg

OFTEN: Final = (5, 8, 13, 21)
MOSTLY: Final = (2, 3, 6)
"""One call in so many; where it is about protection the bad days are worse."""


class Weather(FaultPlan):
    """The plan of one seed, until the weather clears; mutable for that."""

    def __init__(self, seed: int) -> None:
        chance = Random(f"weather {seed}")
        super().__init__(_failures(chance), _disorder(chance))

    def clear(self) -> None:
        """From now on nothing goes wrong any more."""
        self._failures, self.disorder = (), Disorder()


def _failures(chance: Random) -> Sequence[Failure]:
    def sometimes(calls: Sequence[int] = OFTEN) -> OneIn:
        return OneIn(chance.choice(calls), chance.randrange(10**6))

    known = (
        Failure(DropBefore(), sometimes()),
        Failure(LoseAnswer(), sometimes()),
        Failure(Refuse(Fault.FILTER), sometimes(MOSTLY), leg=Leg.STOP),
        Failure(Refuse(Fault.FILTER), sometimes(MOSTLY), leg=Leg.TARGET),
        Failure(DropBefore(), sometimes(MOSTLY), leg=Leg.STOP),
        Failure(LoseAnswer(), sometimes(MOSTLY), leg=Leg.TARGET),
        Failure(DropBefore(), sometimes(MOSTLY), leg=Leg.EXIT),
        Failure(Refuse(Fault.RATE_LIMIT), sometimes(), leg=Leg.ENTRY),
        Failure(Refuse(Fault.INSUFFICIENT_MARGIN), sometimes(), leg=Leg.ENTRY),
        Failure(FillPart(Decimal("0.4")), sometimes(), leg=Leg.ENTRY),
        Failure(Delay(timedelta(milliseconds=chance.choice((300, 900, 1500)))), sometimes()),
        Failure(DropBefore(), sometimes(), Call.FIND),
        Failure(LoseAnswer(), sometimes(), Call.CANCEL),
        Failure(DropBefore(), sometimes(), Call.HOLDING),
        Failure(DropBefore(), sometimes(), Call.READ),
    )
    return [failure for failure in known if chance.random() < 0.6]


def _disorder(chance: Random) -> Disorder:
    def every() -> int:
        return chance.choice((0, 0, 3, 5, 11))

    return Disorder(repeat_every=every(), swap_every=every(), lose_every=every())
