"""Prove once more who you are, before what a token alone is not enough for (AUT-15)."""

import attrs

from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import Denied
from cbc_domain.kernel.ids import SessionId
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.security import AccessTokens, Passwords
from cbc_domain.ports.system import Clock


@attrs.frozen
class StepUp:
    """Raises Denied `credentials_invalid` for a wrong password, and `two_factor_required` whatever a member with a second
    factor gives: only a code of it counts, and none can be checked before second factors can be enrolled.
    """

    store: Store
    clock: Clock
    passwords: Passwords
    tokens: AccessTokens

    async def __call__(self, member: Member, session: SessionId, password: str) -> tuple[str, int]:
        """Give another access token of the session, stepped up for five minutes, and its life in seconds."""
        if member.two_factor:
            raise Denied("two_factor_required", "expected a second factor whose codes can be checked")
        async with self.store() as work:
            known = await work.people.credential(member.email)
        if not await self.passwords.matches(password, known.password_hash if known else None):
            raise Denied("credentials_invalid", "expected the password of the account")
        return self.tokens.issue(member, session, self.clock.now(), proved=True)
