"""Members, their sessions, one-time tokens, wishes, exchange accounts and subscriptions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import attrs

from cbc_domain.identity.model import Member, Session
from cbc_domain.kernel.ids import AccountId, MemberId, SessionId, StrategyId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import Membership
from cbc_domain.risk.model import ExchangeAccount


@attrs.frozen
class Credential:
    """A member with the password hash that proves him."""

    member: Member
    password_hash: str


@attrs.frozen
class Wishes:
    """What a member asked for (CFG-01): wire values by setting key, unclamped; version 0 means nothing was ever changed."""

    version: int
    values: Mapping[str, object]


class People(Protocol):
    async def add(self, credential: Credential, membership: Membership) -> bool:
        """Add a member; False, and nothing written, when the folded e-mail is taken (AUT-02)."""

    async def member(self, member: MemberId) -> Member | None: ...

    async def credential(self, email: str) -> Credential | None:
        """Find by folded e-mail."""

    async def members(self, after: MemberId | None, limit: int) -> Sequence[Member]:
        """Page through everybody in ascending ID."""

    async def save(self, member: Member) -> None: ...

    async def membership(self, member: MemberId) -> Membership: ...

    async def save_membership(self, membership: Membership) -> None: ...

    async def by_affiliate_code(self, code: str) -> Member | None: ...

    async def add_session(self, session: Session) -> None: ...

    async def session(self, session: SessionId) -> Session | None: ...

    async def session_of(self, refresh_hash: str) -> Session | None:
        """Find the session whose current or spent refresh token this is, locked until the unit ends (AUT-07)."""

    async def save_session(self, session: Session) -> None: ...

    async def touch_session(self, session: SessionId, at: datetime) -> None:
        """Say that a living session was used, and nothing else of it; never back in time."""

    async def end_oldest_sessions(self, member: MemberId, keep: int, at: datetime) -> None:
        """Revoke what is living beyond the `keep` newest sessions, one caller of a member at a time (AUT-08)."""

    async def revoke_sessions(self, member: MemberId, at: datetime) -> None: ...

    async def add_token(self, purpose: str, token_hash: str, member: MemberId, expires_at: datetime) -> None: ...

    async def take_token(self, purpose: str, token_hash: str, now: datetime) -> MemberId | None:
        """Use a one-time token; None when it is unknown, used or expired. Of two takers one wins."""

    async def wishes(self, member: MemberId) -> Wishes: ...

    async def save_wishes(self, member: MemberId, before: Wishes, after: Wishes, actor: str, at: datetime) -> None:
        """Keep a new version with its before and after (CFG-04). Raises Conflict `state_conflict` when `before` is stale."""

    async def add_account(self, account: ExchangeAccount) -> None:
        """Raises Conflict `already_exists` for a second active key of (member, exchange, environment) (KEY-01)."""

    async def save_account(self, account: ExchangeAccount) -> None:
        """Write an account; one that is REMOVED stays as it is."""

    async def live_since(self, member: MemberId) -> datetime | None:
        """When the member's first live position was opened, or None (CFG-15)."""

    async def accounts(self, member: MemberId) -> Sequence[ExchangeAccount]: ...

    async def connected(self, accounts: Collection[AccountId]) -> Mapping[AccountId, ExchangeAccount]:
        """The exchange accounts of these ids, in one statement; unknown ids are left out."""

    async def markets(self) -> frozenset[tuple[Venue, Environment]]:
        """Where members have accounts that were not removed, paper included."""

    async def subscribe(self, member: MemberId, strategy: StrategyId) -> None:
        """Opt in to a strategy; again changes nothing."""

    async def pause(self, member: MemberId, paused: bool, reason: str | None, at: datetime) -> None:
        """Set the member's own pause (RSK-20, scope user); again changes nothing."""

    async def paused(self, member: MemberId) -> bool: ...

    async def paused_among(self, members: Collection[MemberId]) -> frozenset[MemberId]:
        """Which of these members paused themselves, in one statement (RSK-21)."""
