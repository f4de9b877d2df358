"""Remove an exchange account's key: its secrets are erased at once (KEY-11)."""

from functools import partial
from typing import Final

import attrs

from cbc_domain.application.people.show_keys import own_account
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import AccountId, MemberId, PositionId
from cbc_domain.ports.notifications import Letters
from cbc_domain.ports.persistence.keys import KeyAct, KeyDeed
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.model import ExchangeAccount, KeyStatus

REMOVED_LETTER: Final = "key_removed"


@attrs.frozen
class KeyRemoved:
    """`left_open` are the positions that the platform has no key for any more: the member manages them himself."""

    account: ExchangeAccount
    left_open: tuple[PositionId, ...] = ()


@attrs.frozen
class RemoveKey:
    """Raises NotFound, and Conflict `state_conflict` while positions are open and the exchange's name was not typed.

    Again changes nothing; what was open at the first time is told then only.
    """

    store: Store
    clock: Clock
    identities: Identities
    letters: Letters

    async def __call__(self, member: MemberId, account: AccountId, typed: str | None = None) -> KeyRemoved:
        removed, new = await self.store.run(partial(self._remove, member, account, typed))
        if new:
            async with self.store() as work:
                owner = await work.people.member(member)
            if owner is not None:
                gone = removed.account
                words = {"exchange": gone.venue.value, "label": gone.label, "left_open": str(len(removed.left_open))}
                await self.letters.send(owner, REMOVED_LETTER, words)
        return removed

    async def _remove(
        self, member: MemberId, account: AccountId, typed: str | None, work: UnitOfWork
    ) -> tuple[KeyRemoved, bool]:
        # The key first, as everybody does who changes both.
        await work.keys.of([account], lock=True)
        known = await own_account(work, member, account)
        if known.status is KeyStatus.REMOVED:
            return KeyRemoved(known), False
        trades = await work.trades.trades(await work.trades.open_of(member), lock=False)
        left_open = tuple(one.position.id for one in trades if one.position.account == account)
        if left_open and typed != known.venue.value:
            told = f"expected {known.venue.value!r} to be typed: you would manage {len(left_open)} open positions yourself"
            raise Conflict("state_conflict", told)
        gone = attrs.evolve(known, status=KeyStatus.REMOVED)
        await work.people.save_account(gone)
        await work.keys.erase(account)
        outcome, actor, now = f"left_open:{len(left_open)}", f"member:{member}", self.clock.now()
        await work.keys.note([KeyAct(self.identities.new(), member, account, KeyDeed.REMOVED, "remove", outcome, actor, now)])
        return KeyRemoved(gone, left_open), True
