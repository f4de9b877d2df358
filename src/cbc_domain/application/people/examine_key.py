"""Ask a venue about a key, and tell what is wrong with the key from what is wrong with the venue (KEY-03, KEY-04)."""

from collections.abc import Mapping
from typing import Final

import attrs

from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.ports.venue_keys import Credentials, KeyExaminer, KeyFindings
from cbc_domain.risk.keys import KeyRefusal, refusals

REFUSED_FOR: Final[Mapping[Fault, KeyRefusal]] = {
    Fault.AUTH: KeyRefusal.KEY_INVALID,
    Fault.PERMISSION: KeyRefusal.KEY_CANNOT_TRADE,
    Fault.IP_NOT_ALLOWED: KeyRefusal.KEY_IP_BLOCKED,
    Fault.POSITION_MODE: KeyRefusal.KEY_POSITION_MODE,
}
"""The faults that are the key's own (EXC-04); every other one says nothing of it."""
OTHER: Final[Mapping[Environment, Environment]] = {
    Environment.LIVE: Environment.TESTNET,
    Environment.TESTNET: Environment.LIVE,
}
"""Where else a venue has keys; most of them call one of the other environment unknown and say no more."""


@attrs.frozen
class Examined:
    """An examination that came to an end: `findings` is None where the venue refused the key as a whole."""

    findings: KeyFindings | None
    refusals: tuple[KeyRefusal, ...]


@attrs.frozen
class ExamineKey:
    """Raises VenueRefused and OutcomeUnknown where the venue is away, which is no failure of the key (KEY-10)."""

    examiner: KeyExaminer

    async def __call__(self, venue: Venue, environment: Environment, credentials: Credentials) -> Examined:
        try:
            findings = await self.examiner.examine(venue, environment, credentials)
        except VenueRefused as refused:
            reason = REFUSED_FOR.get(refused.fault)
            if reason is None:
                raise
            return Examined(None, (reason,))
        return Examined(findings, refusals(findings, environment))

    async def known_elsewhere(self, venue: Venue, environment: Environment, credentials: Credentials) -> bool:
        """Say whether the venue knows the key in its other environment (KEY-04); one that is away there tells nothing."""
        try:
            examined = await self(venue, OTHER[environment], credentials)
        except (VenueRefused, OutcomeUnknown):
            return False
        return KeyRefusal.KEY_INVALID not in examined.refusals
