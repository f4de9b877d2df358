"""Listen to the private streams of exactly the accounts that have something open (POS-10)."""

from typing import Final

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.model import ExchangeAccount

PAGE: Final = 1000


@attrs.frozen
class FollowAccounts:
    """Harmless to repeat; what a stream tells is taken in by ApplyFills, what it misses by Reconcile."""

    store: Store
    exchange: Exchange

    async def __call__(self) -> int:
        """Answer how many accounts are followed."""
        followed: list[ExchangeAccount] = []
        after: AccountId | None = None
        async with self.store() as work:
            while page := await work.trades.holders(after, PAGE):
                after = page[-1]
                followed += (await work.people.connected(page)).values()
        await self.exchange.follow(followed)
        return len(followed)
