"""People on PostgreSQL: members and all that belongs to one of them alone."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import RowMapping, Select, Uuid, any_, func, insert, literal, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_unless
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows import people as rows
from cbc_adapters.persistence.postgres.tables.people import (
    exchange_accounts,
    member_setting_changes,
    member_settings,
    members,
    one_time_tokens,
    sessions,
    subscriptions,
)
from cbc_adapters.persistence.postgres.tables.trades import positions
from cbc_domain.identity.model import Member, Session
from cbc_domain.kernel.errors import Conflict, NotFound
from cbc_domain.kernel.ids import AccountId, MemberId, SessionId, StrategyId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import Membership
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.risk.model import ExchangeAccount, KeyStatus


@attrs.frozen
class PostgresPeople:
    _connection: AsyncConnection

    async def add(self, credential: Credential, membership: Membership) -> bool:
        row = {
            **rows.member_row(credential.member),
            **rows.membership_row(membership),
            "password_hash": credential.password_hash,
        }
        new = insert_unless(members).values(row).on_conflict_do_nothing(index_elements=["email"]).returning(members.c.id)
        return await self._connection.scalar(new) is not None

    async def member(self, member: MemberId) -> Member | None:
        row = await self._first(select(members).where(members.c.id == member))
        return None if row is None else rows.member_of(row)

    async def credential(self, email: str) -> Credential | None:
        row = await self._first(select(members).where(members.c.email == email))
        return None if row is None else rows.credential_of(row)

    async def members(self, after: MemberId | None, limit: int) -> Sequence[Member]:
        page = select(members).order_by(members.c.id).limit(limit)
        if after is not None:
            page = page.where(members.c.id > after)
        return [rows.member_of(row) for row in await self._all(page)]

    async def save(self, member: Member) -> None:
        await self._change(member.id, rows.member_row(member))

    async def membership(self, member: MemberId) -> Membership:
        """Raises NotFound `not_found`."""
        row = await self._first(select(members.c.id, members.c.plan, members.c.plan_since).where(members.c.id == member))
        if row is None:
            raise _no_member(member)
        return rows.membership_of(row)

    async def save_membership(self, membership: Membership) -> None:
        await self._change(membership.member, rows.membership_row(membership))

    async def by_affiliate_code(self, code: str) -> Member | None:
        row = await self._first(select(members).where(members.c.affiliate_code == code))
        return None if row is None else rows.member_of(row)

    async def add_session(self, session: Session) -> None:
        await self._connection.execute(insert(sessions).values(rows.session_row(session)))

    async def session(self, session: SessionId) -> Session | None:
        row = await self._first(select(sessions).where(sessions.c.id == session))
        return None if row is None else rows.session_of(row)

    async def session_of(self, refresh_hash: str) -> Session | None:
        is_its_token = or_(sessions.c.refresh_hash == refresh_hash, sessions.c.spent_hashes.contains([refresh_hash]))
        row = await self._first(select(sessions).where(is_its_token).with_for_update())
        return None if row is None else rows.session_of(row)

    async def save_session(self, session: Session) -> None:
        await self._connection.execute(update(sessions).where(sessions.c.id == session.id).values(rows.session_row(session)))

    async def touch_session(self, session: SessionId, at: datetime) -> None:
        living = update(sessions).where(sessions.c.id == session, sessions.c.revoked_at.is_(None), sessions.c.used_at < at)
        await self._connection.execute(living.values(used_at=at))

    async def end_oldest_sessions(self, member: MemberId, keep: int, at: datetime) -> None:
        # Two that sign in at once would not see each other's session.
        await self._connection.execute(select(members.c.id).where(members.c.id == member).with_for_update(key_share=True))
        living = select(sessions.c.id).where(sessions.c.member == member, sessions.c.revoked_at.is_(None))
        beyond = living.order_by(sessions.c.created_at.desc(), sessions.c.id.desc()).offset(keep)
        await self._connection.execute(update(sessions).where(sessions.c.id.in_(beyond)).values(revoked_at=at))

    async def revoke_sessions(self, member: MemberId, at: datetime) -> None:
        await self._connection.execute(
            update(sessions).where(sessions.c.member == member, sessions.c.revoked_at.is_(None)).values(revoked_at=at)
        )

    async def add_token(self, purpose: str, token_hash: str, member: MemberId, expires_at: datetime) -> None:
        await self._connection.execute(
            insert(one_time_tokens).values(purpose=purpose, token_hash=token_hash, member=member, expires_at=expires_at)
        )

    async def take_token(self, purpose: str, token_hash: str, now: datetime) -> MemberId | None:
        token = one_time_tokens.c
        taken = (
            update(one_time_tokens)
            .where(token.purpose == purpose, token.token_hash == token_hash)
            .where(token.used_at.is_(None), token.expires_at > now)
            .values(used_at=now)
            .returning(token.member)
        )
        member = await self._connection.scalar(taken)
        return None if member is None else MemberId(member)

    async def wishes(self, member: MemberId) -> Wishes:
        return rows.wishes_of(await self._first(select(member_settings).where(member_settings.c.member == member)))

    async def save_wishes(self, member: MemberId, before: Wishes, after: Wishes, actor: str, at: datetime) -> None:
        current = {"member": member, "version": after.version, "wishes": dict(after.values), "changed_at": at}
        first = insert_unless(member_settings).values(current).on_conflict_do_nothing()
        next_one = (
            update(member_settings)
            .where(member_settings.c.member == member, member_settings.c.version == before.version)
            .values(current)
        )
        version = member_settings.c.version
        written = first.returning(version) if before.version == 0 else next_one.returning(version)
        if await self._connection.scalar(written) is None:
            raise Conflict("state_conflict", f"expected version {before.version} of the settings, was another one")
        await self._connection.execute(
            insert(member_setting_changes).values(
                member=member,
                version=after.version,
                before=dict(before.values),
                after=dict(after.values),
                actor=actor,
                changed_at=at,
            )
        )

    async def add_account(self, account: ExchangeAccount) -> None:
        new = (
            insert_unless(exchange_accounts)
            .values(rows.account_row(account))
            .on_conflict_do_nothing(
                # A bound parameter here would hide the partial index from a generic plan, which comes with the sixth use.
                index_elements=["member", "venue", "environment"],
                index_where=exchange_accounts.c.status != literal_column("'REMOVED'"),
            )
            .returning(exchange_accounts.c.id)
        )
        if await self._connection.scalar(new) is None:
            raise Conflict("already_exists", f"expected no active {account.venue} {account.environment} key, was one")

    async def save_account(self, account: ExchangeAccount) -> None:
        living = exchange_accounts.c.status != KeyStatus.REMOVED.value
        await self._connection.execute(
            update(exchange_accounts).where(exchange_accounts.c.id == account.id, living).values(rows.account_row(account))
        )

    async def live_since(self, member: MemberId) -> datetime | None:
        first: datetime | None = await self._connection.scalar(
            select(func.min(positions.c.opened_at)).where(
                positions.c.member == member, positions.c.environment == Environment.LIVE.value
            )
        )
        return first

    async def accounts(self, member: MemberId) -> Sequence[ExchangeAccount]:
        of_member = select(exchange_accounts).where(exchange_accounts.c.member == member).order_by(exchange_accounts.c.id)
        return [rows.account_of(row) for row in await self._all(of_member)]

    async def connected(self, accounts: Collection[AccountId]) -> Mapping[AccountId, ExchangeAccount]:
        known = select(exchange_accounts).where(exchange_accounts.c.id == any_(literal(list(accounts), ARRAY(Uuid))))
        return {AccountId(row["id"]): rows.account_of(row) for row in await self._all(known)}

    async def markets(self) -> frozenset[tuple[Venue, Environment]]:
        account = exchange_accounts.c
        there = select(account.venue, account.environment).where(account.status != KeyStatus.REMOVED.value)
        found = await self._all(there.distinct())
        return frozenset((Venue(row["venue"]), Environment(row["environment"])) for row in found)

    async def subscribe(self, member: MemberId, strategy: StrategyId) -> None:
        await self._connection.execute(
            insert_unless(subscriptions).values(member=member, strategy=strategy).on_conflict_do_nothing()
        )

    async def pause(self, member: MemberId, paused: bool, reason: str | None, at: datetime) -> None:
        await self._connection.execute(
            update(members)
            .where(members.c.id == member, members.c.paused.is_distinct_from(paused))
            .values(paused=paused, pause_reason=reason, pause_changed_at=at)
        )

    async def paused(self, member: MemberId) -> bool:
        return bool(await self._connection.scalar(select(members.c.paused).where(members.c.id == member)))

    async def paused_among(self, members_: Collection[MemberId]) -> frozenset[MemberId]:
        asked = members.c.id == any_(literal(list(members_), ARRAY(Uuid)))
        found = await self._connection.scalars(select(members.c.id).where(asked, members.c.paused))
        return frozenset(MemberId(member) for member in found)

    async def _change(self, member: MemberId, values: dict[str, Any]) -> None:
        changed = update(members).where(members.c.id == member).values(values).returning(members.c.id)
        if await self._connection.scalar(changed) is None:
            raise _no_member(member)

    async def _first(self, query: Select[Any]) -> RowMapping | None:
        row: RowMapping | None = (await self._connection.execute(query)).mappings().first()
        return row

    async def _all(self, query: Select[Any]) -> Sequence[RowMapping]:
        found: Sequence[RowMapping] = (await self._connection.execute(query)).mappings().all()
        return found


def _no_member(member: MemberId) -> NotFound:
    return NotFound("not_found", f"expected a member, was none of {member}")
