"""Ask the venues what was moved into exchange accounts and out of them, so that it counts as no gain and no loss (RSK-03)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import attrs

from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Together
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.risk.transfers import Transfer, asked_before, asked_since

AT_ONCE: Final = 20
"""Accounts of one run, those asked longest ago: at Binance a question weighs 30 of the 2,400 that an address may use in a
minute, and where everybody's equity looks moved at once it is the market that moved (decision 23)."""


@attrs.frozen
class NoteTransfers:
    """Harmless to repeat. A venue that does not answer is asked again later, from where it was last heard."""

    store: Store
    exchange: Exchange
    clock: Clock
    together: Together

    async def __call__(self, moved: Collection[AccountId] | None = None) -> int:
        """Ask for those accounts whose equity looks moved, or else for whoever was asked longest ago; how many were new."""
        now = self.clock.now()
        asked = await self.store.run(partial(_take, moved, now))
        told = await self._told(asked) if asked else {}
        if not told:
            return 0
        transfers = [transfer for answer in told.values() for transfer in answer]
        return await self.store.run(partial(_record, transfers, dict.fromkeys(told, now)))

    async def _told(self, asked: Sequence[tuple[ExchangeAccount, datetime]]) -> Mapping[AccountId, Sequence[Transfer]]:
        answers = await self.together(self.exchange.transfers(account, since) for account, since in asked)
        told = {}
        for (account, _), answer in zip(asked, answers, strict=True):
            if isinstance(answer, VenueRefused | OutcomeUnknown):
                continue
            if isinstance(answer, Exception):
                raise answer
            told[account.id] = answer
        return told


async def _take(
    moved: Collection[AccountId] | None, now: datetime, work: UnitOfWork
) -> Sequence[tuple[ExchangeAccount, datetime]]:
    due = await work.transfers.take_due(asked_before(now, looks_moved=moved is not None), now, AT_ONCE, moved)
    accounts = await work.people.connected(due)
    return [(account, asked_since(account.created_at, due[account.id])) for account in accounts.values()]


async def _record(transfers: Sequence[Transfer], known_until: Mapping[AccountId, datetime], work: UnitOfWork) -> int:
    return await work.transfers.record(transfers, known_until)
