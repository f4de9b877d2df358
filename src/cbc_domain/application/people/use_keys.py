"""Do here and now what needs members' keys: for the process that may open them (KEY-08)."""

from collections.abc import Collection, Mapping
from typing import Final

import attrs

from cbc_domain.application.people.verify_keys import VerifyKeys
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.trading.sizes import AccountReading

PURPOSE: Final = "verify"


@attrs.frozen
class UseKeys:
    """The executor itself, as its port promises."""

    store: Store
    exchange: Exchange
    verify_keys: VerifyKeys

    async def readings(self, accounts: Collection[AccountId]) -> Mapping[AccountId, AccountReading]:
        async with self.store() as work:
            known = await work.people.connected(accounts)
        return await self.exchange.readings(list(known.values()))

    async def verify(self, account: AccountId, actor: str) -> tuple[KeyRefusal, ...]:
        done = await self.verify_keys([account], PURPOSE, actor)
        if account in done.away:
            raise done.away[account]
        if account not in done.judged:
            raise Conflict("state_conflict", "expected an account with a key, was one without")
        return done.judged[account].refusals
