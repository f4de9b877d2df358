"""Sessions: open one, know how long it may rest, end the oldest when there are too many (AUT-06 to AUT-08)."""

from datetime import timedelta
from typing import Final

import attrs

from cbc_domain.application.people.register import token_hash
from cbc_domain.identity.model import Member, Session
from cbc_domain.kernel.ids import MemberId, SessionId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import AccessTokens
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.setting_kinds import SPECS, read_int

REFRESH_LIVES: Final = timedelta(days=7)
REFRESH_BYTES: Final = 32
SESSIONS_AT_ONCE: Final = 3
"""AUT-08."""
_IDLE_SETTING: Final = "session_timeout_minutes"


@attrs.frozen
class TokenPair:
    """What a client keeps: a signed access token for `expires_in` seconds, and an opaque refresh token for one use."""

    access: str
    refresh: str
    expires_in: int


@attrs.frozen
class OpenSession:
    """Open a session for somebody who has proved who he is; his oldest one ends when it would be the fourth (AUT-08).

    Having signed in is a step-up too, but for who has a second factor: he proves himself `by_code` (AUT-15).
    """

    store: Store
    clock: Clock
    identities: Identities
    tokens: AccessTokens

    async def __call__(self, member: Member, *, by_code: bool = False) -> TokenPair:
        now = self.clock.now()
        refresh = self.identities.secret(REFRESH_BYTES).hex()
        session = Session(
            id=SessionId(self.identities.new()),
            member=member.id,
            refresh_hash=token_hash(refresh),
            created_at=now,
            expires_at=now + REFRESH_LIVES,
            used_at=now,
        )
        async with self.store() as work:
            await work.people.add_session(session)
            await work.people.end_oldest_sessions(member.id, SESSIONS_AT_ONCE, now)
            await work.commit()
        access, expires_in = self.tokens.issue(member, session.id, now, proved=by_code or not member.two_factor)
        return TokenPair(access, refresh, expires_in)


async def idle_after(work: UnitOfWork, member: MemberId) -> timedelta:
    """How long this member's sessions may rest: his setting, else an hour (AUT-08, CFG-11)."""
    wishes = await work.people.wishes(member)
    return timedelta(minutes=read_int(wishes.values.get(_IDLE_SETTING, SPECS[_IDLE_SETTING].default)))
