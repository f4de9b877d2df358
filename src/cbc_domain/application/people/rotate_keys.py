"""Wrap everything sealed anew by the current master key, page by page; no secret is opened for it (KEY-09)."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.people.add_key import PEPPER_SUBJECT
from cbc_domain.application.trading.recognise_sender import seal_subject
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed, StoredKey
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import Sealer
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.credentials import bound_to
from cbc_domain.risk.model import ExchangeAccount

PAGE: Final = 200
ACTOR: Final = "cbc keys rotate"

Page = Sequence[StoredKey]


@attrs.frozen
class Rotated:
    """Of one page or of several: how many sealed texts were looked at, how many were wrapped anew.

    `stuck` are those that no known master key opens; they stay as they were.
    """

    seen: int = 0
    rewrapped: int = 0
    stuck: tuple[str, ...] = ()

    def __add__(self, other: "Rotated") -> "Rotated":
        return Rotated(self.seen + other.seen, self.rewrapped + other.rewrapped, self.stuck + other.stuck)


@attrs.frozen
class RotateKeys:
    """Each page is a transaction of its own: broken off anywhere and run again, it does what is left.

    What else is sealed goes first: the pepper of fingerprints, which itself stays what it is, and webhook secrets.
    """

    store: Store
    clock: Clock
    identities: Identities
    sealer: Sealer
    page_size: int = PAGE

    async def __call__(self) -> AsyncGenerator[Rotated, None]:
        """Give the counts of each page after it was committed."""
        yield await self.store.run(self._pepper)
        yield await self.store.run(self._webhook_secrets)
        after: AccountId | None = None
        while page := await self._page(after):
            yield await self.store.run(partial(self._keys, page))
            after = page[-1].account

    async def _page(self, after: AccountId | None) -> Page:
        async with self.store() as work:
            return await work.keys.page(after, self.page_size)

    async def _pepper(self, work: UnitOfWork) -> Rotated:
        before = await work.keys.pepper()
        if before is None:
            return Rotated()
        after = self._rewrapped(before, PEPPER_SUBJECT)
        if after is None:
            return Rotated(1, 0, ("pepper",))
        await work.keys.keep_pepper(after, before)
        return Rotated(1, int(after != before))

    async def _webhook_secrets(self, work: UnitOfWork) -> Rotated:
        done = Rotated()
        for secret in await work.signals.hmac_secrets(self.clock.now()):
            before = (secret.sealed or b"").decode("ascii")
            after = self._rewrapped(before, seal_subject(secret.strategy))
            if after is None:
                done += Rotated(1, 0, (f"strategy {secret.strategy}",))
                continue
            if after != before:
                await work.signals.reseal(secret, after.encode("ascii"))
            done += Rotated(1, int(after != before))
        return done

    async def _keys(self, page: Page, work: UnitOfWork) -> Rotated:
        accounts = await work.people.connected([key.account for key in page])
        found = {key.account: self._rewrapped(key.sealed, bound_to(accounts[key.account])) for key in page}
        stuck = tuple(f"account {account}" for account, sealed in found.items() if sealed is None)
        changes = [key for key in page if found[key.account] not in (None, key.sealed)]
        changed = await work.keys.rewrap(changes, {one: sealed for one, sealed in found.items() if sealed is not None})
        await work.keys.note([self._act(accounts[one]) for one in sorted(changed)])
        return Rotated(len(page), len(changed), stuck)

    def _act(self, account: ExchangeAccount) -> KeyAct:
        new, now, outcome = self.identities.new(), self.clock.now(), f"wrapped by {self.sealer.current}"
        return KeyAct(new, account.member, account.id, KeyDeed.CHANGED, "rotate", outcome, ACTOR, now)

    def _rewrapped(self, sealed: str, about: bytes) -> str | None:
        try:
            return self.sealer.rewrap(sealed, about)
        except Unavailable:
            return None
