"""What goes wrong between us and one venue in a seed: on a fifth of the signed calls at least, and on the streams."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

import attrs

from cbc_adapters.exchange.simulated.faults import (
    Break,
    Call,
    Delay,
    Disorder,
    DropBefore,
    Failure,
    FaultPlan,
    FillPart,
    Harm,
    LoseAnswer,
    OneIn,
    Refuse,
)
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.system import Clock
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg

SIGNED: Final = tuple(call for call in Call if call is not Call.PUBLIC)
SLOW_MS: Final = (120, 400, 1000)
REST_AFTER: Final = timedelta(milliseconds=700)


@attrs.frozen
class Noted:
    """A call that reached the venue, and what the weather did to it."""

    account: AccountId
    at: datetime
    call: Call
    leg: Leg | None
    harms: Sequence[str]


class Weather(FaultPlan):
    """The plan of one venue, until the weather clears; mutable for that, and because it notes what it did."""

    def __init__(self, seed: int, venue: Venue, clock: Clock) -> None:
        chance = Random(f"weather {seed} {venue}")
        super().__init__(_failures(chance), _disorder(chance))
        self._clock = clock
        self.noted: list[Noted] = []
        self.clear_now = False

    @property
    def signed(self) -> int:
        """Signed calls while anything could go wrong."""
        return len(self.noted)

    @property
    def struck(self) -> int:
        return sum(bool(noted.harms) for noted in self.noted)

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        if self.clear_now:
            return ()
        found = super().harms(call, account, ordinal, leg)
        if call is not Call.PUBLIC:
            self.noted.append(Noted(account, self._clock.now(), call, leg, [str(harm) for harm in found]))
        return found

    def clear(self) -> None:
        """From now on nothing goes wrong any more, and nothing is counted."""
        self.clear_now, self.disorder = True, Disorder()


def _failures(chance: Random) -> Sequence[Failure]:
    def one_in(calls: int) -> OneIn:
        return OneIn(calls, chance.randrange(10**6))

    everywhere = [
        Failure(harm, one_in(calls), call)
        for call in SIGNED
        for harm, calls in (
            (Delay(timedelta(milliseconds=chance.choice(SLOW_MS))), 6),
            (DropBefore(), 25),
            (LoseAnswer(), 25),
            (Break(500), 40),
            (Break(503, done=True), 40),
            # Rare, because it speaks for everybody at our address and halves what may be asked (EXC-08).
            (Refuse(Fault.RATE_LIMIT, 1), 1000),
        )
    ]
    return [
        *everywhere,
        Failure(Refuse(Fault.FILTER), one_in(10), leg=Leg.STOP),
        Failure(Refuse(Fault.FILTER), one_in(10), leg=Leg.TARGET),
        Failure(FillPart(Decimal("0.5"), REST_AFTER), one_in(8), leg=Leg.EXIT),
        Failure(FillPart(Decimal("0.4"), REST_AFTER), one_in(4), leg=Leg.ENTRY),
        Failure(LoseAnswer(), one_in(10), leg=Leg.ENTRY),
        Failure(Refuse(Fault.INSUFFICIENT_MARGIN), one_in(15), leg=Leg.ENTRY),
        Failure(Delay(timedelta(milliseconds=chance.choice(SLOW_MS))), one_in(8), Call.PUBLIC),
        Failure(DropBefore(), one_in(25), Call.PUBLIC),
    ]


def _disorder(chance: Random) -> Disorder:
    def every(*numbers: int) -> int:
        return chance.choice(numbers)

    return Disorder(repeat_every=every(3, 5), swap_every=every(4, 7), lose_every=every(5, 11), cut_every=every(9, 17))
