"""Access tokens: signed JSON Web Tokens of one fixed algorithm."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import jwt

from cbc_domain.identity.model import Member
from cbc_domain.kernel.errors import Denied, Invalid
from cbc_domain.kernel.ids import MemberId, SessionId
from cbc_domain.ports.security import Claims

ALGORITHM: Final = "HS256"
ISSUER: Final = "coinbitclub"
LIFE: Final = timedelta(minutes=15)
"""How long an access token is good for (AUT-06)."""

SHORTEST_KEY: Final = 32
PROVED_AT: Final = "auth_time"
"""OpenID Connect Core 1.0, section 2."""
REQUIRED: Final = ("sub", "sid", "role", "iss", "aud", "iat", "exp")


class JwtAccessTokens:
    """Issue and read tokens of one key and audience; the time of a reading is the caller's, not the machine's."""

    def __init__(self, key: str, audience: str = "coinbitclub-api") -> None:
        """Raises Invalid `settings_invalid` for a key below 256 bits."""
        if len(key) < SHORTEST_KEY:
            raise Invalid("settings_invalid", f"expected a signing key of at least {SHORTEST_KEY} bytes, was {len(key)}")
        self._key = key
        self._audience = audience

    def issue(self, member: Member, session: SessionId, now: datetime, *, proved: bool = False) -> tuple[str, int]:
        claims: dict[str, object] = {
            "sub": str(member.id),
            "sid": str(session),
            "role": member.role.value,
            "tier": member.tier.value,
            "scope": "api",
            "iss": ISSUER,
            "aud": self._audience,
            "iat": now,
            "exp": now + LIFE,
        }
        if proved:
            claims[PROVED_AT] = int(now.timestamp())
        return jwt.encode(claims, self._key, algorithm=ALGORITHM), int(LIFE.total_seconds())

    def read(self, token: str, now: datetime) -> Claims:
        try:
            # Times are judged below, by `now`; PyJWT would ask the machine's clock.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=ISSUER,
                options={"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
            proved_at = datetime.fromtimestamp(int(claims[PROVED_AT]), UTC) if PROVED_AT in claims else None
            member, session, role = UUID(claims["sub"]), UUID(claims["sid"]), str(claims["role"])
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError):
            raise Denied("unauthenticated", "expected an access token of ours, was none") from None
        if now >= expires_at:
            raise Denied("token_expired", f"expected a token that is good at {now}, was one until {expires_at}")
        return Claims(MemberId(member), SessionId(session), role, expires_at, proved_at)
