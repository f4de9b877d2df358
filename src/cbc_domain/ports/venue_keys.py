"""Keys of members' exchange accounts: opened for a call, and examined before they are trusted."""

from typing import Protocol

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.risk.credentials import Credentials as Credentials
from cbc_domain.risk.keys import KeyFindings as KeyFindings
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.risk.model import ExchangeAccount


class KeyRing(Protocol):
    async def credentials(self, account: ExchangeAccount) -> Credentials:
        """Open an account's sealed key for a call.

        Raises VenueRefused AUTH when it has none, Unavailable when it cannot be opened.
        """


class KeyExaminer(Protocol):
    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        """A harmless signed call, repeatable. Raises VenueRefused and OutcomeUnknown like the exchange port."""


@attrs.frozen
class Fitness:
    """Why nothing is opened with a key: `refusal` for good, or `away` because its venue does not tell now; neither: it may."""

    refusal: KeyRefusal | None = None
    away: Fault | None = None


class KeyChecker(Protocol):
    async def __call__(self, account: AccountId) -> Fitness:
        """Examine a stored key before something is opened with it, and keep what came of it (KEY-03); repeatable.

        A venue that refuses, or is away, is an answer. Raises what an examiner should never raise, Unavailable for a key that
        cannot be opened.
        """
