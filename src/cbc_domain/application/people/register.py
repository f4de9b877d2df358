"""Open an account; nobody can learn from the answer whether an address was known (AUT-01, AUT-02)."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_domain.affiliates.rules import read_code
from cbc_domain.identity.model import AccountStatus, Member, Registration, Role
from cbc_domain.identity.rules import check_registration, fold_email
from cbc_domain.kernel.errors import FieldFaults
from cbc_domain.kernel.ids import MemberId
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.notifications import Letters
from cbc_domain.ports.persistence.people import Credential
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import Passwords
from cbc_domain.ports.system import Clock, Identities

TOKEN_LIVES: Final = timedelta(hours=24)
"""AUT-05."""
TOKEN_BYTES: Final = 32
VERIFY_EMAIL: Final = "verify_email"


@attrs.frozen
class Register:
    """Raises FieldFaults for every wrong field at once. The role is always what `role` says, USER for the public."""

    store: Store
    clock: Clock
    identities: Identities
    passwords: Passwords
    letters: Letters

    async def __call__(self, form: Registration, role: Role = Role.USER, *, verified: bool = False) -> Member:
        """Answer the new member, or for a known address a member that looks new and is not stored."""
        faults = check_registration(form, self.passwords.breached)
        if faults:
            raise FieldFaults(faults)
        now = self.clock.now()
        password_hash = await self.passwords.hash(form.password)
        token = self.identities.secret(TOKEN_BYTES).hex()
        async with self.store() as work:
            member = await self._member(work, form, role, now, verified=verified)
            plan = Membership(member.id, PlanCode.NONE, now)
            added = await work.people.add(Credential(member, password_hash), plan)
            if added and not verified:
                await work.people.add_token(VERIFY_EMAIL, token_hash(token), member.id, now + TOKEN_LIVES)
            await work.commit()
        if not verified:
            await self.letters.send(member, "verify_email" if added else "email_in_use", {"token": token} if added else {})
        return member

    async def _member(self, work: UnitOfWork, form: Registration, role: Role, now: datetime, *, verified: bool) -> Member:
        code = read_code(form.referral_code or "")
        referrer = await work.people.by_affiliate_code(code) if code else None
        return Member(
            id=MemberId(self.identities.new()),
            email=fold_email(form.email),
            full_name=form.full_name.strip(),
            country=form.country,
            created_at=now,
            role=role,
            status=AccountStatus.ACTIVE if verified else AccountStatus.PENDING_VERIFICATION,
            language=form.language or ("pt-BR" if form.country == "BR" else "en"),
            phone=form.phone,
            email_verified_at=now if verified else None,
            terms_version=form.terms_version,
            referred_by=referrer.id if referrer else None,
        )


def token_hash(token: str) -> str:
    """How one-time and refresh tokens are kept: hex SHA-256, enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
