"""How large a campaign at the venues is."""

import attrs

from cbc_domain.kernel.venues import Venue
from tests.venue_club import REAL


@attrs.frozen
class VenueSize:
    """How large a seed is, `accounts` at each of its `venues`, and how many go on in `lanes` at once.

    One of full size takes a core and more for seconds after each signal: on two cores a second one that trades at the same
    time makes stops wait for the processor, and so does anything else that the machine does meanwhile. So many are `trading`
    at once; of the others everything is closed, and they wait for their ends, which costs next to nothing.
    """

    signals: int = 16
    accounts: int = 20
    workers: int = 2
    venues: int = len(REAL)
    lanes: int = 2
    trading: int = 1

    def venues_of(self, seed: int) -> tuple[Venue, ...]:
        """Where a seed is played; the first of fewer than all is another one with each seed."""
        return tuple(REAL[(seed + number) % len(REAL)] for number in range(self.venues))
