"""Errands between processes: whoever may not open keys leaves them here, a worker that may does them (KEY-08)."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import attrs
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cbc_adapters.persistence.postgres.documents import from_document, to_document
from cbc_adapters.persistence.postgres.engine import connect
from cbc_adapters.persistence.postgres.jobs import PostgresJobs
from cbc_adapters.persistence.postgres.tables.work import errands
from cbc_domain.kernel.errors import Conflict, DomainError, Unavailable
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.executor import Executor
from cbc_domain.ports.system import Identities
from cbc_domain.ports.venue_faults import Fault, OutcomeUnknown, VenueRefused
from cbc_domain.risk.keys import KeyRefusal
from cbc_domain.trading.sizes import AccountReading

RUN_ERRAND: Final = "run_errand"
"""The job that each errand is done by; its payload names it as `errand`."""
ANSWERED_WITHIN: Final = timedelta(seconds=12)
"""A venue's call may take ten seconds (EXC-09)."""
KEPT: Final = timedelta(minutes=10)
"""What nobody fetched for so long is thrown away: whoever asked is dead."""
_LOOK_AFTER_S: Final = 0.01
_LOOK_AT_LEAST_EVERY_S: Final = 0.25


@attrs.frozen
class _Wanted:
    """The readings of these accounts; with an `actor` the examination of the one key."""

    accounts: tuple[AccountId, ...]
    actor: str | None = None


@attrs.frozen
class _Failure:
    """An error of the domain on its way from one process to another."""

    kind: str
    code: str
    detail: str
    fault: Fault | None = None


@attrs.frozen
class _Answer:
    readings: tuple[AccountReading, ...] = ()
    refusals: tuple[KeyRefusal, ...] = ()
    failure: _Failure | None = None


@attrs.frozen
class PostgresErrands:
    """An executor for processes that open no key: a worker's answer is waited for, and forgotten once it was fetched."""

    engine: AsyncEngine
    identities: Identities
    answered_within: timedelta = ANSWERED_WITHIN

    async def readings(self, accounts: Collection[AccountId]) -> Mapping[AccountId, AccountReading]:
        if not accounts:
            return {}
        answer = await self._ask(_Wanted(tuple(accounts)))
        return {reading.account: reading for reading in answer.readings} if answer else {}

    async def verify(self, account: AccountId, actor: str) -> tuple[KeyRefusal, ...]:
        answer = await self._ask(_Wanted((account,), actor))
        if answer is None:
            waited = self.answered_within.total_seconds()
            raise Unavailable("unavailable", f"expected a worker to examine the key, had no answer for {waited:.0f} s")
        if answer.failure is not None:
            raise _raised(answer.failure)
        return answer.refusals

    async def run(self, errand: UUID, executor: Executor) -> None:
        """Do an errand that somebody waits for; one that nobody waits for any more is left undone.

        May be run again when a worker dies with it. Raises what no executor should raise.
        """
        wanted = await self._wanted(errand)
        if wanted is None:
            return
        answer = await _done(wanted, executor)
        async with self._connection() as connection:
            await connection.execute(update(errands).where(errands.c.id == errand).values(answer=to_document(answer)))
            await connection.execute(delete(errands).where(errands.c.asked_at < func.now() - KEPT))

    async def _ask(self, wanted: _Wanted) -> _Answer | None:
        errand = self.identities.new()
        async with self._connection() as connection:
            await connection.execute(insert(errands).values(id=errand, wanted=to_document(wanted)))
            await PostgresJobs(connection).enqueue(RUN_ERRAND, {"errand": str(errand)})
        try:
            return await self._answer(errand)
        finally:
            async with self._connection() as connection:
                await connection.execute(delete(errands).where(errands.c.id == errand))

    async def _answer(self, errand: UUID) -> _Answer | None:
        until, pause_s = monotonic() + self.answered_within.total_seconds(), _LOOK_AFTER_S
        while monotonic() < until:
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LOOK_AT_LEAST_EVERY_S)
            async with self._connection() as connection:
                found = await connection.scalar(select(errands.c.answer).where(errands.c.id == errand))
            if found is not None:
                return from_document(found, _Answer)
        return None

    async def _wanted(self, errand: UUID) -> _Wanted | None:
        async with self._connection() as connection:
            found = await connection.scalar(select(errands.c.wanted).where(errands.c.id == errand))
        return None if found is None else from_document(found, _Wanted)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        connection = await connect(self.engine)
        try:
            async with connection.begin():
                yield connection
        finally:
            await connection.close()


async def _done(wanted: _Wanted, executor: Executor) -> _Answer:
    if wanted.actor is None:
        return _Answer(readings=tuple((await executor.readings(wanted.accounts)).values()))
    [account] = wanted.accounts
    try:
        return _Answer(refusals=await executor.verify(account, wanted.actor))
    except (VenueRefused, OutcomeUnknown, Conflict, Unavailable) as fault:
        return _Answer(failure=_failure(fault))


def _failure(fault: DomainError) -> _Failure:
    match fault:
        case VenueRefused():
            return _Failure("refused", fault.code, fault.said, fault.fault)
        case OutcomeUnknown():
            return _Failure("unknown", fault.code, fault.said)
        case Conflict():
            return _Failure("conflict", fault.code, fault.detail)
        case _:
            return _Failure("unavailable", fault.code, fault.detail)


def _raised(failure: _Failure) -> DomainError:
    match failure:
        case _Failure("refused", _, said, Fault() as fault):
            return VenueRefused(fault, said)
        case _Failure("unknown", _, said):
            return OutcomeUnknown(said)
        case _Failure("conflict", code, detail):
            return Conflict(code, detail)
        case _:
            return Unavailable(failure.code, failure.detail)
