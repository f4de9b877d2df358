"""Connect an account that the simulated exchange plays, without a key; members add theirs by `add_key` (KEY-01)."""

import attrs

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import ExchangeAccount


@attrs.frozen
class ConnectAccount:
    """Raises Invalid `key_wrong_environment` when `paper` and a real venue are mixed, Conflict `already_exists`."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(
        self,
        member: MemberId,
        venue: Venue,
        environment: Environment,
        label: str,
        last4: str,
        *,
        can_trade: bool = True,
    ) -> ExchangeAccount:
        if (venue is Venue.PAPER) != (environment is Environment.PAPER):
            raise Invalid("key_wrong_environment", f"expected paper with paper only, was {venue} with {environment}")
        account = ExchangeAccount(
            AccountId(self.identities.new()),
            member,
            venue,
            environment,
            label,
            last4,
            self.clock.now(),
            can_trade=can_trade,
        )
        async with self.store() as work:
            await work.people.add_account(account)
            await work.commit()
        return account
