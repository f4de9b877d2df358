"""Take back what is left of admin credit whose time is over (LED-F08, BAL-04)."""

from typing import Final

import attrs

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId
from cbc_domain.ledger.model import Lot
from cbc_domain.ledger.postings import lot_expiry
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities

BATCH: Final = 1000


@attrs.frozen
class ExpireCredit:
    """Run hourly; each lot lapses once, however many do this at a time (BAL-04)."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self) -> int:
        """Answer how many lots lapsed."""
        lapsed = found = await self.store.run(self._expire)
        while found == BATCH:
            found = await self.store.run(self._expire)
            lapsed += found
        return lapsed

    async def _expire(self, work: UnitOfWork) -> int:
        now = self.clock.now()
        due = await work.books.expired_lots(now, BATCH)
        await work.books.hold({lot.member for lot in due})
        # Another one may have been here, or a charge, between the two reads.
        fresh = [lot for lot in await work.books.expired_lots(now, BATCH) if lot in due]
        postings = await work.books.post([lot_expiry(lot, now) for lot in fresh], now)
        told = [self._told(lot, posting.journal.key) for lot, posting in zip(fresh, postings, strict=True)]
        await work.outbox.add(told)
        return len(fresh)

    def _told(self, lot: Lot, key: str) -> Event:
        data = {"key": key, "amount": str(lot.remaining)}
        return Event(EventId(self.identities.new()), EventName.BALANCE_DEBITED, lot.member, self.clock.now(), data)
