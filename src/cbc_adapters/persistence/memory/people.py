"""People in memory: members and all that belongs to one of them alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

import attrs

from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Series, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_domain.identity.model import Member, Role, Session
from cbc_domain.kernel.errors import Conflict, NotFound
from cbc_domain.kernel.ids import AccountId, MemberId, SessionId, StrategyId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import Membership
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.risk.model import ExchangeAccount, KeyStatus

_NO_WISHES: Final = Wishes(0, {})


@attrs.frozen
class Pause:
    """A member's own pause as it was last set; `reason` is his."""

    paused: bool
    reason: str | None
    at: datetime


@attrs.frozen
class Token:
    member: MemberId
    expires_at: datetime


@attrs.frozen
class WishChange:
    """One version of a member's wishes with what stood before it (CFG-04)."""

    before: Wishes
    after: Wishes
    actor: str
    at: datetime


class MemoryPeople:
    """Raises NotFound `not_found` where a change or a membership is asked for of nobody."""

    def __init__(self, changes: Changes, trades: TradeTables) -> None:
        self._trades = trades
        self._in_order = Index[Credential, str, MemberId](lambda row: ALL, lambda row: row.member.id)
        self._by_role = Index[Credential, Role, MemberId](lambda row: row.member.role, lambda row: row.member.id)
        self._by_email = Index[Credential, str, MemberId](lambda row: row.member.email, lambda row: row.member.id)
        self._by_code = Index[Credential, str, MemberId](lambda row: row.member.affiliate_code, lambda row: row.member.id)
        self._members = Table[MemberId, Credential](changes, self._in_order, self._by_role, self._by_email, self._by_code)
        self._memberships = Table[MemberId, Membership](changes)
        self._of_member = Index[Session, MemberId, SessionId](lambda row: row.member, lambda row: row.id)
        self._sessions = Table[SessionId, Session](changes, self._of_member)
        self._refresh_tokens = Table[str, SessionId](changes)
        self._tokens = Table[tuple[str, str], Token](changes)
        self._wishes = Table[MemberId, Wishes](changes)
        self._wish_changes = Series[MemberId, WishChange](changes)
        self._accounts_of = Index[ExchangeAccount, MemberId, AccountId](lambda row: row.member, lambda row: row.id)
        self._active = Index[ExchangeAccount, tuple[MemberId, Venue, Environment], AccountId](_active_key, lambda row: row.id)
        self._accounts = Table[AccountId, ExchangeAccount](changes, self._accounts_of, self._active)
        self._subscriptions = Table[tuple[MemberId, StrategyId], bool](changes)
        self._pauses = Table[MemberId, Pause](changes)

    async def add(self, credential: Credential, membership: Membership) -> bool:
        if self._by_email.only(credential.member.email) is not None:
            return False
        self._members.put(credential.member.id, credential)
        self._memberships.put(credential.member.id, membership)
        return True

    async def member(self, member: MemberId) -> Member | None:
        found = self._members.get(member)
        return None if found is None else found.member

    async def credential(self, email: str) -> Credential | None:
        found = self._by_email.only(email)
        return None if found is None else self._members[found]

    async def members(self, after: MemberId | None, limit: int) -> Sequence[Member]:
        return [self._members[found].member for found in islice(self._in_order.after(ALL, after), limit)]

    def of_role(self, role: Role, after: MemberId | None) -> Iterator[MemberId]:
        return self._by_role.after(role, after)

    async def save(self, member: Member) -> None:
        found = self._members.get(member.id)
        if found is None:
            raise _nobody(member.id)
        self._members.put(member.id, attrs.evolve(found, member=member))

    async def membership(self, member: MemberId) -> Membership:
        found = self._memberships.get(member)
        if found is None:
            raise _nobody(member)
        return found

    async def save_membership(self, membership: Membership) -> None:
        if membership.member not in self._memberships:
            raise _nobody(membership.member)
        self._memberships.put(membership.member, membership)

    async def by_affiliate_code(self, code: str) -> Member | None:
        found = self._by_code.only(code)
        return None if found is None else self._members[found].member

    async def add_session(self, session: Session) -> None:
        self._keep(session)

    async def session(self, session: SessionId) -> Session | None:
        return self._sessions.get(session)

    async def session_of(self, refresh_hash: str) -> Session | None:
        found = self._refresh_tokens.get(refresh_hash)
        return None if found is None else self._sessions[found]

    async def save_session(self, session: Session) -> None:
        if session.id in self._sessions:
            self._keep(session)

    async def touch_session(self, session: SessionId, at: datetime) -> None:
        found = self._sessions.get(session)
        if found is not None and found.revoked_at is None and found.used_at < at:
            self._sessions.put(session, attrs.evolve(found, used_at=at))

    async def end_oldest_sessions(self, member: MemberId, keep: int, at: datetime) -> None:
        known = (self._sessions[session] for session in self._of_member.all(member))
        living = sorted(
            (session for session in known if session.revoked_at is None), key=lambda session: (session.created_at, session.id)
        )
        for session in living[: max(0, len(living) - keep)]:
            self._sessions.put(session.id, attrs.evolve(session, revoked_at=at))

    async def revoke_sessions(self, member: MemberId, at: datetime) -> None:
        for session in self._of_member.all(member):
            found = self._sessions[session]
            if found.revoked_at is None:
                self._sessions.put(session, attrs.evolve(found, revoked_at=at))

    def _keep(self, session: Session) -> None:
        self._sessions.put(session.id, session)
        for token in (session.refresh_hash, *session.spent_hashes):
            if token not in self._refresh_tokens:
                self._refresh_tokens.put(token, session.id)

    async def add_token(self, purpose: str, token_hash: str, member: MemberId, expires_at: datetime) -> None:
        self._tokens.put((purpose, token_hash), Token(member, expires_at))

    async def take_token(self, purpose: str, token_hash: str, now: datetime) -> MemberId | None:
        found = self._tokens.get((purpose, token_hash))
        if found is None or found.expires_at <= now:
            return None
        self._tokens.remove((purpose, token_hash))
        return found.member

    async def wishes(self, member: MemberId) -> Wishes:
        return self._wishes.get(member) or _NO_WISHES

    async def save_wishes(self, member: MemberId, before: Wishes, after: Wishes, actor: str, at: datetime) -> None:
        found = self._wishes.get(member) or _NO_WISHES
        if found.version != before.version:
            raise Conflict("state_conflict", f"expected version {before.version} of the settings, was {found.version}")
        self._wishes.put(member, Wishes(after.version, dict(after.values)))
        self._wish_changes.add(member, WishChange(before, after, actor, at))

    async def add_account(self, account: ExchangeAccount) -> None:
        if self._active.only((account.member, account.venue, account.environment)) is not None:
            raise Conflict("already_exists", f"expected no active {account.venue} {account.environment} key, was one")
        self._accounts.put(account.id, account)

    async def save_account(self, account: ExchangeAccount) -> None:
        known = self._accounts.get(account.id)
        if known is not None and known.status is not KeyStatus.REMOVED:
            self._accounts.put(account.id, account)

    def every_account(self) -> Sequence[ExchangeAccount]:
        return tuple(self._accounts.values())

    def usable(self, member: MemberId, environment: Environment) -> Sequence[ExchangeAccount]:
        """The member's accounts of an environment that may be used."""
        his = (self._accounts[account] for account in self._accounts_of.all(member))
        return [account for account in his if account.environment is environment and account.usable]

    def account(self, account: AccountId) -> ExchangeAccount | None:
        return self._accounts.get(account)

    async def live_since(self, member: MemberId) -> datetime | None:
        first = self._trades.first_live.only(member)
        return None if first is None else first[0]

    async def accounts(self, member: MemberId) -> Sequence[ExchangeAccount]:
        return [self._accounts[account] for account in self._accounts_of.all(member)]

    async def connected(self, accounts: Collection[AccountId]) -> Mapping[AccountId, ExchangeAccount]:
        found = ((account, self._accounts.get(account)) for account in accounts)
        return {account: known for account, known in found if known is not None}

    async def markets(self) -> frozenset[tuple[Venue, Environment]]:
        there = (account for account in self._accounts.values() if account.status is not KeyStatus.REMOVED)
        return frozenset((account.venue, account.environment) for account in there)

    async def subscribe(self, member: MemberId, strategy: StrategyId) -> None:
        if not self.subscribed(member, strategy):
            self._subscriptions.put((member, strategy), True)

    def subscribed(self, member: MemberId, strategy: StrategyId) -> bool:
        return (member, strategy) in self._subscriptions

    async def pause(self, member: MemberId, paused: bool, reason: str | None, at: datetime) -> None:
        if await self.paused(member) != paused:
            self._pauses.put(member, Pause(paused, reason, at))

    async def paused(self, member: MemberId) -> bool:
        found = self._pauses.get(member)
        return found is not None and found.paused

    async def paused_among(self, members: Collection[MemberId]) -> frozenset[MemberId]:
        return frozenset([member for member in members if await self.paused(member)])


def _active_key(account: ExchangeAccount) -> tuple[MemberId, Venue, Environment] | None:
    return None if account.status is KeyStatus.REMOVED else (account.member, account.venue, account.environment)


def _nobody(member: MemberId) -> NotFound:
    return NotFound("not_found", f"expected a member, was none of {member}")
