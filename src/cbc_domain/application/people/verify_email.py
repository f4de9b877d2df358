"""Prove an e-mail address with the token that was sent to it (AUT-05)."""

import attrs

from cbc_domain.application.people.register import VERIFY_EMAIL, token_hash
from cbc_domain.identity.model import AccountStatus, Member
from cbc_domain.kernel.errors import Gone
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock


@attrs.frozen
class VerifyEmail:
    """Raises Gone `link_expired` for a token that is unknown, used or older than 24 hours."""

    store: Store
    clock: Clock

    async def __call__(self, token: str) -> Member:
        now = self.clock.now()
        async with self.store() as work:
            owner = await work.people.take_token(VERIFY_EMAIL, token_hash(token), now)
            member = await work.people.member(owner) if owner else None
            if member is None:
                raise Gone("link_expired", "expected an unused link younger than 24 hours")
            waiting = member.status is AccountStatus.PENDING_VERIFICATION
            verified = attrs.evolve(
                member,
                email_verified_at=member.email_verified_at or now,
                status=AccountStatus.ACTIVE if waiting else member.status,
            )
            await work.people.save(verified)
            await work.commit()
        return verified
