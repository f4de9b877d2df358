"""A key that has not passed for a day is examined before anything is opened with it (KEY-03)."""

from typing import Final

import attrs

from cbc_domain.application.people.verify_keys import VerifyKeys
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.ports.venue_keys import Fitness

PURPOSE: Final = "first order"
ACTOR: Final = "worker"


@attrs.frozen
class ExamineLateKey:
    """What comes of it is kept as of every examination, so that a day's first order asks and no other."""

    verify: VerifyKeys

    async def __call__(self, account: AccountId) -> Fitness:
        """Raises what an examiner should never raise."""
        done = await self.verify([account], PURPOSE, ACTOR)
        if (fault := done.away.get(account)) is not None:
            return Fitness(away=_told_by(fault))
        judged = done.judged.get(account)
        return Fitness(judged.refusals[0]) if judged is not None and judged.refusals else Fitness()


def _told_by(fault: Exception) -> Fault:
    match fault:
        case VenueRefused():
            return fault.fault
        case OutcomeUnknown():
            return Fault.NETWORK
        case _:
            raise fault
