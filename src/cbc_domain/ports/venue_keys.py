"""Keys of members' exchange accounts: opened for a call, and examined before they are trusted."""

from datetime import datetime
from typing import Protocol

import attrs

from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.risk.model import ExchangeAccount


@attrs.frozen
class Credentials:
    """A venue key in plain text; it exists during a call, is never logged and never part of an error (KEY-08)."""

    key: str = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    passphrase: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class KeyFindings:
    """What a venue says of a key (KEY-03); None where it does not tell.

    `hedge` is the account's position mode; `restricted` whether the key works from listed addresses only.
    """

    reads: bool
    trades: bool
    withdraws: bool | None
    hedge: bool | None
    restricted: bool | None = None
    expires_at: datetime | None = None


class KeyRing(Protocol):
    async def credentials(self, account: ExchangeAccount) -> Credentials:
        """Open an account's sealed key for a call.

        Raises VenueRefused AUTH when it has none, Unavailable when it cannot be opened.
        """


class KeyExaminer(Protocol):
    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        """A harmless signed call, repeatable. Raises VenueRefused and OutcomeUnknown like the exchange port."""
