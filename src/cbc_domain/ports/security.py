"""Passwords, access tokens and secrets at rest."""

from datetime import datetime
from typing import Protocol

import attrs

from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import MemberId, SessionId


@attrs.frozen
class Claims:
    """What an access token says (AUT-06).

    `proved_at` is when its holder last proved who he is, to the second; None in a token that was refreshed.
    """

    member: MemberId
    session: SessionId
    role: str
    expires_at: datetime
    proved_at: datetime | None = None


class Passwords(Protocol):
    def breached(self, password: str) -> bool:
        """Whether the password stands in the list of leaked ones (AUT-03)."""

    async def hash(self, password: str) -> str:
        """Argon2id, off the event loop (AUT-04)."""

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Compare in constant time; None costs the same time and is False (AUT-02)."""


class AccessTokens(Protocol):
    def issue(self, member: Member, session: SessionId, now: datetime, *, proved: bool = False) -> tuple[str, int]:
        """A signed token and its life in seconds (AUT-06); `proved` when its holder proves just now who he is (AUT-15)."""

    def read(self, token: str, now: datetime) -> Claims:
        """Raises Denied `token_expired` or `unauthenticated`."""


class Sealer(Protocol):
    """Keeps secrets that must be read again; `about` is what a secret belongs to, and opens no other."""

    @property
    def current(self) -> str:
        """The name of the master key that wraps what is sealed now."""

    def seal(self, secret: bytes, about: bytes) -> str: ...

    def open(self, sealed: str, about: bytes) -> bytes:
        """Raises Unavailable `unavailable` for a changed text, another `about` and a master key that is gone."""

    def rewrap(self, sealed: str, about: bytes) -> str:
        """Move to the current master key without opening the secret; one that is there already stays the same (KEY-09).

        Raises Unavailable as `open` does.
        """
