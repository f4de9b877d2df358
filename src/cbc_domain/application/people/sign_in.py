"""Sign in with a password, refresh the tokens, sign out (AUT-06, AUT-07, AUT-08)."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_domain.application.people.open_session import REFRESH_BYTES, OpenSession, TokenPair, idle_after
from cbc_domain.application.people.register import token_hash
from cbc_domain.identity.model import AccountStatus, Member, Session
from cbc_domain.identity.rules import fold_email, is_address, is_alive, is_stepped_up
from cbc_domain.kernel.errors import Denied
from cbc_domain.kernel.ids import MemberId, SessionId
from cbc_domain.ports.notifications import Letters
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import AccessTokens, Passwords
from cbc_domain.ports.system import Clock, Identities

USE_NOTED_AFTER: Final = timedelta(seconds=30)
"""A session's use is written down at most this often; idle times are minutes."""


@attrs.frozen
class SignIn:
    """Raises Denied `credentials_invalid`, alike and as slowly for an unknown address, a wrong password and INACTIVE."""

    store: Store
    passwords: Passwords
    open_session: OpenSession

    async def __call__(self, email: str, password: str) -> TokenPair:
        address = fold_email(email)
        async with self.store() as work:
            known = await work.people.credential(address) if is_address(address) else None
        matches = await self.passwords.matches(password, known.password_hash if known else None)
        if known is None or not matches or known.member.status is AccountStatus.INACTIVE:
            raise Denied("credentials_invalid", "expected a known e-mail with its password")
        return await self.open_session(known.member)


@attrs.frozen
class RefreshTokens:
    """Raises Denied `refresh_token_reused` for a spent token, and then the session is over; `unauthenticated` otherwise."""

    store: Store
    clock: Clock
    identities: Identities
    tokens: AccessTokens
    letters: Letters

    async def __call__(self, refresh: str) -> TokenPair:
        now = self.clock.now()
        presented = token_hash(refresh)
        async with self.store() as work:
            session = await work.people.session_of(presented)
            if session is not None and presented != session.refresh_hash:
                await self._end(work, session, now)
                raise Denied("refresh_token_reused", "expected the newest refresh token of the session")
            if session is None or not is_alive(session, await idle_after(work, session.member), now):
                raise Denied("unauthenticated", "expected a live session")
            member = await _living(work, session.member)
            fresh = self.identities.secret(REFRESH_BYTES).hex()
            await work.people.save_session(_rotated(session, fresh, now))
            await work.commit()
        access, expires_in = self.tokens.issue(member, session.id, now)
        return TokenPair(access, fresh, expires_in)

    async def _end(self, work: UnitOfWork, session: Session, now: datetime) -> None:
        """Somebody has a copy: nobody goes on with this session, and its owner learns of it."""
        if session.revoked_at is not None:
            return
        await work.people.save_session(attrs.evolve(session, revoked_at=now))
        member = await work.people.member(session.member)
        await work.commit()
        if member is not None:
            await self.letters.send(member, "refresh_token_reused", {})


@attrs.frozen
class SignOut:
    """End the caller's session, or all of the member's; again changes nothing (AUT-08)."""

    store: Store
    clock: Clock

    async def __call__(self, member: MemberId, session: SessionId, *, everywhere: bool) -> None:
        now = self.clock.now()
        async with self.store() as work:
            if everywhere:
                await work.people.revoke_sessions(member, now)
            elif (found := await work.people.session(session)) is not None and found.member == member:
                await work.people.save_session(attrs.evolve(found, revoked_at=found.revoked_at or now))
            await work.commit()


@attrs.frozen
class Recognised:
    """Who holds a token, and whether he proved within the last five minutes who he is (AUT-15)."""

    member: Member
    session: SessionId
    stepped_up: bool


@attrs.frozen
class Authenticate:
    """From a bearer token to the member who holds it. Raises Denied `unauthenticated` or `token_expired` (AUT-06)."""

    store: Store
    clock: Clock
    tokens: AccessTokens

    async def __call__(self, token: str) -> Recognised:
        now = self.clock.now()
        claims = self.tokens.read(token, now)
        async with self.store() as work:
            session = await work.people.session(claims.session)
            if session is None or not is_alive(session, await idle_after(work, session.member), now):
                raise Denied("unauthenticated", "expected a live session")
            member = await _living(work, session.member)
            if now - session.used_at >= USE_NOTED_AFTER:
                await work.people.touch_session(session.id, now)
                await work.commit()
        return Recognised(member, session.id, is_stepped_up(claims.proved_at, now))


def _rotated(session: Session, fresh: str, now: datetime) -> Session:
    spent = (*session.spent_hashes, session.refresh_hash)
    return attrs.evolve(session, refresh_hash=token_hash(fresh), spent_hashes=spent, used_at=now)


async def _living(work: UnitOfWork, member_id: MemberId) -> Member:
    member = await work.people.member(member_id)
    if member is None or member.status is AccountStatus.INACTIVE:
        raise Denied("unauthenticated", "expected a live account")
    return member
