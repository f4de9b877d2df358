"""Postings that commit by themselves, in memory."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from cbc_domain.kernel.events import Event
from cbc_domain.ledger.model import Journal, Posting
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork


@attrs.frozen
class MemoryTeller:
    """A unit of work for each call: here a commit costs nothing that could be shared."""

    store: Store

    async def post(self, journals: Sequence[Journal], posted_at: datetime, events: Sequence[Event] = ()) -> Sequence[Posting]:
        async def act(work: UnitOfWork) -> Sequence[Posting]:
            postings = await work.books.post(journals, posted_at)
            if not all(posting.replay for posting in postings):
                await work.outbox.add(events)
            return postings

        return await self.store.run(act)
