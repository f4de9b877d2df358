"""Take back what is left of admin credit whose time is over (LED-F08, BAL-04)."""

from typing import Final

import attrs

from cbc_domain.ledger.postings import lot_expiry
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock

BATCH: Final = 1000


@attrs.frozen
class ExpireCredit:
    """Run hourly; each lot lapses once (`credit_expiry:{lot}`)."""

    store: Store
    clock: Clock

    async def __call__(self) -> int:
        """Answer how many lots lapsed."""
        return await self.store.run(self._expire)

    async def _expire(self, work: UnitOfWork) -> int:
        now = self.clock.now()
        due = await work.books.expired_lots(now, BATCH)
        await work.books.hold({lot.member for lot in due})
        fresh = [lot for lot in await work.books.expired_lots(now, BATCH) if lot in due]
        await work.books.post([lot_expiry(lot, now) for lot in fresh], now)
        return len(fresh)
