"""The keys of exchange accounts, opened for a call at a time out of what the store keeps sealed (KEY-08, KEY-12)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Final

from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.security import Sealer
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.ports.venue_faults import Fault, VenueRefused
from cbc_domain.risk.credentials import Credentials, bound_to, unpacked
from cbc_domain.risk.model import ExchangeAccount

FRESH_S: Final = 2.0
"""A removal in another process is noticed after at most so long."""
IDLE_S: Final = 600.0
"""A sealed key that nobody asked for so long is let go."""
NOTED_EVERY_S: Final = 60.0
"""How long openings are counted before they are written down; a process that is killed loses at most these counts."""


class SealedKeyRing:
    """Keeps sealed texts in memory and no key: each call opens its own, and an order costs no read of the database.

    Every two seconds at most, the call that finds the texts old reads all that are in use in one statement, so that a key
    that was removed or wrapped anew anywhere is not used longer; calls that come together are answered by one read.
    Openings are counted for each account and written down together once a minute and at the end: one row for an account
    in a minute, not a transaction for a call. Mutable for both; for one event loop.
    """

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        clock: Clock,
        identities: Identities,
        *,
        process: str,
        noted_every_s: float = NOTED_EVERY_S,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        """`process` names this process in the history of deeds."""
        self._store, self._sealer, self._clock, self._identities = store, sealer, clock, identities
        self._process, self._noted_every_s, self._elapsed = process, noted_every_s, elapsed
        self._sealed: dict[AccountId, str | None] = {}
        self._used_at: dict[AccountId, float] = {}
        self._read_at = 0.0
        self._reading = asyncio.Lock()
        self._openings: Counter[tuple[MemberId, AccountId]] = Counter()
        self._counted_since: datetime | None = None
        self._noting: asyncio.Task[None] | None = None

    async def credentials(self, account: ExchangeAccount) -> Credentials:
        """Raises VenueRefused AUTH without a key, Unavailable when it cannot be read or opened."""
        self._used_at[account.id] = self._elapsed()
        if not self._is_fresh(account.id):
            async with self._reading:
                # Who waited was most likely read for by who came before.
                if not self._is_fresh(account.id):
                    await self._read()
        sealed = self._sealed[account.id]
        if sealed is None:
            raise VenueRefused(Fault.AUTH, "expected an account with a key, was one without")
        credentials = unpacked(self._sealer.open(sealed, bound_to(account)))
        self._count(account)
        return credentials

    async def note(self) -> None:
        """Write down what was opened since the last time; what cannot be written now is counted on."""
        openings, since, now = self._openings, self._counted_since, self._clock.now()
        if not openings:
            return
        self._openings, self._counted_since = Counter(), None
        acts = [
            KeyAct(self._identities.new(), member, account, KeyDeed.OPENED, "calls", "passed", self._process, now, times, since)
            for (member, account), times in openings.items()
        ]
        try:
            async with self._store() as work:
                await work.keys.note(acts)
                await work.commit()
        except BaseException:
            self._openings += openings
            self._counted_since = since
            raise

    async def close(self) -> None:
        """Write down the rest, if it can be; nobody asks any more."""
        if self._noting is not None:
            self._noting.cancel()
            with suppress(asyncio.CancelledError):
                await self._noting
        with suppress(DomainError):
            await self.note()

    def _is_fresh(self, account: AccountId) -> bool:
        return account in self._sealed and self._elapsed() - self._read_at < FRESH_S

    async def _read(self) -> None:
        """Read every key in use anew, and with them those whose callers wait."""
        at = self._elapsed()
        self._used_at = {account: used for account, used in self._used_at.items() if at - used < IDLE_S}
        wanted = list(self._used_at)
        async with self._store() as work:
            found = await work.keys.of(wanted)
        self._sealed = {account: found[account].sealed if account in found else None for account in wanted}
        self._read_at = at

    def _count(self, account: ExchangeAccount) -> None:
        self._openings[account.member, account.id] += 1
        self._counted_since = self._counted_since or self._clock.now()
        if self._noting is None or self._noting.done():
            self._noting = asyncio.create_task(self._note_later())

    async def _note_later(self) -> None:
        while self._openings:
            await asyncio.sleep(self._noted_every_s)
            with suppress(DomainError):
                await self.note()
