"""Examine a member's key again when he asks for it (KEY-03)."""

import attrs

from cbc_domain.application.people.show_keys import KeyShown, own_account
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Venue
from cbc_domain.ports.executor import Executor
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.risk.model import KeyStatus


@attrs.frozen
class VerifyKey:
    """Raises NotFound for an account that is not his or was removed, and what the executor raises."""

    store: Store
    executor: Executor

    async def __call__(self, member: MemberId, account: AccountId) -> tuple[KeyShown, tuple[KeyRefusal, ...]]:
        """Answer the account as it is then, with every refusal; a paper account has nothing to refuse."""
        known = await self._own(member, account)
        if known.account.venue is Venue.PAPER:
            return known, ()
        refusals = await self.executor.verify(account, f"member:{member}")
        return await self._own(member, account), refusals

    async def _own(self, member: MemberId, account: AccountId) -> KeyShown:
        async with self.store() as work:
            known = await own_account(work, member, account)
            key = (await work.keys.of([account])).get(account)
        if known.status is KeyStatus.REMOVED:
            raise NotFound("not_found", "expected an exchange account of yours")
        return KeyShown(known, key.health if key else None)
