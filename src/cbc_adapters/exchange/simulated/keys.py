"""Keys as they are given, for whoever runs without a vault and without venues: tests, backtests, paper."""

from collections.abc import Mapping

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.ports.venue_keys import Credentials, KeyFindings
from cbc_domain.risk.model import ExchangeAccount


@attrs.frozen
class GivenKeys:
    """A key ring that holds what it was given."""

    keys: Mapping[AccountId, Credentials]

    async def credentials(self, account: ExchangeAccount) -> Credentials:
        if account.id not in self.keys:
            raise VenueRefused(Fault.AUTH, "expected an account with a key, was one without")
        return self.keys[account.id]


@attrs.frozen
class GivenFindings:
    """An examiner that finds of each public key what it was told; a key it was told nothing of is wrong."""

    findings: Mapping[str, KeyFindings]

    async def examine(self, venue: Venue, environment: Environment, credentials: Credentials) -> KeyFindings:
        if credentials.key not in self.findings:
            raise VenueRefused(Fault.AUTH, "expected a key of this venue, was an unknown one")
        return self.findings[credentials.key]
