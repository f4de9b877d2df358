"""A member's exchange accounts as he may see them: never a secret, of the public key its end (KEY-06)."""

import attrs

from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.risk.keys import KeyHealth
from cbc_domain.risk.model import ExchangeAccount, KeyStatus


@attrs.frozen
class KeyShown:
    """`health` is None for an account without a key, which paper accounts are."""

    account: ExchangeAccount
    health: KeyHealth | None = None


@attrs.frozen
class ShowKeys:
    """What was removed is not shown."""

    store: Store

    async def __call__(self, member: MemberId) -> list[KeyShown]:
        async with self.store() as work:
            known = [one for one in await work.people.accounts(member) if one.status is not KeyStatus.REMOVED]
            keys = await work.keys.of([one.id for one in known])
        return [KeyShown(one, keys[one.id].health if one.id in keys else None) for one in known]


async def own_account(work: UnitOfWork, member: MemberId, account: AccountId) -> ExchangeAccount:
    """Raises NotFound for somebody else's, as for one that was never there (ROL-05)."""
    known = (await work.people.connected([account])).get(account)
    if known is None or known.member != member:
        raise NotFound("not_found", "expected an exchange account of yours")
    return known
