"""Answers of idempotent requests on PostgreSQL (GEN-10)."""

from datetime import datetime, timedelta
from typing import Final

import attrs
from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cbc_adapters.persistence.postgres.rows.work import answer_of
from cbc_adapters.persistence.postgres.tables.work import idempotent_answers
from cbc_domain.kernel.errors import Conflict
from cbc_domain.ports.persistence.work import Answer

GIVEN_UP_AFTER: Final = timedelta(seconds=60)

_ANSWER: Final = idempotent_answers.c


@attrs.frozen
class PostgresAnswers:
    _connection: AsyncConnection

    async def begin(self, owner: str, route: str, key: str, fingerprint: str, now: datetime) -> Answer | None:
        claim = {"fingerprint": fingerprint, "claimed_at": now}
        given_up = and_(_ANSWER.status.is_(None), _ANSWER.claimed_at <= now - GIVEN_UP_AFTER)
        claimed = (
            insert(idempotent_answers)
            .values(owner=owner, route=route, key=key, **claim)
            .on_conflict_do_update(index_elements=["owner", "route", "key"], set_=claim, where=given_up)
            .returning(_ANSWER.key)
        )
        if await self._connection.scalar(claimed) is not None:
            return None
        return await self._first(owner, route, key, fingerprint)

    async def finish(self, owner: str, route: str, key: str, answer: Answer) -> None:
        await self._connection.execute(
            update(idempotent_answers)
            .where(_same(owner, route, key), _ANSWER.status.is_(None))
            .values(status=answer.status, body=answer.body)
        )

    async def give_up(self, owner: str, route: str, key: str) -> None:
        await self._connection.execute(delete(idempotent_answers).where(_same(owner, route, key), _ANSWER.status.is_(None)))

    async def _first(self, owner: str, route: str, key: str, fingerprint: str) -> Answer:
        known = select(idempotent_answers).where(_same(owner, route, key))
        row = (await self._connection.execute(known)).mappings().one()
        if row["fingerprint"] != fingerprint:
            raise Conflict("idempotency_key_reused", "expected the request that this key was first used for, was another one")
        if row["status"] is None:
            raise Conflict("request_in_progress", "expected the first request with this key to be answered, was still running")
        return answer_of(row)


def _same(owner: str, route: str, key: str) -> ColumnElement[bool]:
    return and_(_ANSWER.owner == owner, _ANSWER.route == route, _ANSWER.key == key)
