"""Sealed keys of exchange accounts on PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs
from sqlalchemy import Select, Update, delete, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert as insert_unless
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.batches import Columns, batch, insert_rows, over_rows, update_rows, values_of
from cbc_adapters.persistence.postgres.rows import keys as rows
from cbc_adapters.persistence.postgres.rows.people import account_row
from cbc_adapters.persistence.postgres.tables.keys import exchange_keys, key_audit, sealed_peppers
from cbc_adapters.persistence.postgres.tables.metadata import identity, text
from cbc_adapters.persistence.postgres.tables.people import exchange_accounts
from cbc_adapters.persistence.postgres.trade_reading import among
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.ports.persistence.keys import KeyAct, StoredKey
from cbc_domain.risk.keys import Judged
from cbc_domain.risk.model import KeyStatus

FINGERPRINTS: Final = "fingerprints"
_FOUND: Final = ("id", "status", "can_trade", "can_withdraw", "hedge")
"""What an examination changes of an account."""
_LIVING: Final = exchange_accounts.c.status != literal_column(f"'{KeyStatus.REMOVED.value}'")
_KEEP: Final = update_rows(exchange_accounts, _FOUND, "id").where(_LIVING)


@over_rows
def _keep_health(columns: Columns) -> Update:
    return update_rows(exchange_keys, columns, "account")


@over_rows
def _note(columns: Columns) -> PostgresInsert:
    return insert_rows(key_audit, columns)


@attrs.frozen
class PostgresKeys:
    _connection: AsyncConnection

    async def add(self, key: StoredKey) -> None:
        new = insert_unless(exchange_keys).values(rows.key_row(key)).on_conflict_do_nothing(index_elements=["fingerprint"])
        if await self._connection.scalar(new.returning(exchange_keys.c.account)) is None:
            raise Conflict("key_in_use", "expected a key that no other account has, was in use")

    async def of(self, accounts: Collection[AccountId], *, lock: bool = False) -> Mapping[AccountId, StoredKey]:
        found = select(exchange_keys).where(among(exchange_keys.c.account, accounts)).order_by(exchange_keys.c.account)
        keys = await self._keys(found.with_for_update() if lock else found)
        return {key.account: key for key in keys}

    async def passed_before(self, accounts: Collection[AccountId], instant: datetime) -> frozenset[AccountId]:
        key = exchange_keys.c
        found = select(key.account).where(among(key.account, accounts), key.verified_at < instant)
        return frozenset(AccountId(account) for account in await self._connection.scalars(found))

    async def take_due(self, now: datetime, until: datetime, limit: int) -> Sequence[AccountId]:
        key, valid = exchange_keys.c, exchange_accounts.c.status == KeyStatus.VALID.value
        due = (
            select(key.account)
            .join(exchange_accounts, exchange_accounts.c.id == key.account)
            .where(key.due_at <= now, valid)
            .order_by(key.due_at, key.account)
            .limit(limit)
            .with_for_update(of=exchange_keys, skip_locked=True)
        )
        # A subquery could be run again for every row, and each run would lock others.
        first = due.cte("due")
        taken = update(exchange_keys).where(key.account == first.c.account).values(due_at=until).returning(key.account)
        return [AccountId(account) for account in await self._connection.scalars(taken)]

    async def hasten(self, accounts: Collection[AccountId], at: datetime) -> None:
        key = exchange_keys.c
        # In one order for everybody, as when they are kept.
        later = select(key.account).where(among(key.account, accounts), key.due_at > at).order_by(key.account)
        held = later.with_for_update().cte("later")
        await self._connection.execute(update(exchange_keys).where(key.account == held.c.account).values(due_at=at))

    async def keep(self, judged: Sequence[Judged]) -> None:
        if not judged:
            return
        # One order for everybody, so that two who write the same accounts do not wait for each other.
        in_order = sorted(judged, key=lambda one: one.account.id)
        accounts = [{name: account_row(one.account)[name] for name in _FOUND} for one in in_order]
        await self._connection.execute(_KEEP, values_of(accounts))
        await self._connection.execute(*_keep_health([rows.health_row(one.account.id, one.health) for one in in_order]))

    async def erase(self, account: AccountId) -> None:
        await self._connection.execute(delete(exchange_keys).where(exchange_keys.c.account == account))

    async def page(self, after: AccountId | None, limit: int) -> Sequence[StoredKey]:
        found = select(exchange_keys).order_by(exchange_keys.c.account).limit(limit)
        return await self._keys(found if after is None else found.where(exchange_keys.c.account > after))

    async def rewrap(self, before: Sequence[StoredKey], after: Mapping[AccountId, str]) -> frozenset[AccountId]:
        changes = [{"account": old.account, "old": old.sealed, "new": after[old.account]} for old in before]
        new = batch(changes, {"account": identity, "old": text, "new": text})
        still = (exchange_keys.c.account == new.c.account, exchange_keys.c.sealed == new.c.old)
        changed = update(exchange_keys).where(*still).values(sealed=new.c.new).returning(exchange_keys.c.account)
        return frozenset(AccountId(account) for account in await self._connection.scalars(changed))

    async def pepper(self) -> str | None:
        sealed: str | None = await self._connection.scalar(_PEPPER)
        return sealed

    async def keep_pepper(self, sealed: str, before: str | None = None) -> str:
        if before is None:
            first = insert_unless(sealed_peppers).values(name=FINGERPRINTS, sealed=sealed).on_conflict_do_nothing()
            await self._connection.execute(first)
        else:
            still = (sealed_peppers.c.name == FINGERPRINTS, sealed_peppers.c.sealed == before)
            await self._connection.execute(update(sealed_peppers).where(*still).values(sealed=sealed))
        return str(await self._connection.scalar(_PEPPER))

    async def note(self, acts: Sequence[KeyAct]) -> None:
        if acts:
            await self._connection.execute(*_note([rows.act_row(act) for act in acts]))

    async def acts(self, member: MemberId) -> Sequence[KeyAct]:
        found = select(key_audit).where(key_audit.c.member == member).order_by(key_audit.c.id)
        return [rows.act_of(row) for row in (await self._connection.execute(found)).mappings()]

    async def _keys(self, query: Select[Any]) -> list[StoredKey]:
        return [rows.key_of(row) for row in (await self._connection.execute(query)).mappings()]


_PEPPER: Final = select(sealed_peppers.c.sealed).where(sealed_peppers.c.name == FINGERPRINTS)
