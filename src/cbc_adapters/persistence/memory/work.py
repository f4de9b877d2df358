"""What was told, what waits to be done and what was answered, in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Final
from uuid import UUID

import attrs

from cbc_adapters.persistence.memory.table import ALL, Changes, Index, Series, Table
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.events import Event
from cbc_domain.kernel.ids import EventId
from cbc_domain.ports.persistence.work import Answer

GIVEN_UP_AFTER: Final = timedelta(seconds=60)


@attrs.frozen
class ToldEvent:
    """An event with its number in the order of writing."""

    number: int
    event: Event
    published: bool = False


class MemoryOutbox:
    def __init__(self, changes: Changes) -> None:
        self._unpublished = Index[ToldEvent, str, tuple[int, EventId]](
            lambda row: None if row.published else ALL, lambda row: (row.number, row.event.id)
        )
        self._events = Table[EventId, ToldEvent](changes, self._unpublished)
        self._of_subject = Series[UUID, Event](changes)

    async def add(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.id not in self._events:
                self._events.put(event.id, ToldEvent(len(self._events), event))
                self._of_subject.add(event.subject, event)

    async def take(self, most: int) -> Sequence[Event]:
        taken = [self._events[event] for _, event in islice(self._unpublished.after(ALL, None), most)]
        for told in taken:
            self._events.put(told.event.id, attrs.evolve(told, published=True))
        return [told.event for told in taken]

    async def about(self, subject: UUID) -> Sequence[Event]:
        return list(self._of_subject.of(subject))


@attrs.frozen
class Job:
    number: int
    name: str
    payload: Mapping[str, str]


class JobQueue:
    """Jobs in the order of asking; also what the runner takes them from."""

    def __init__(self, changes: Changes) -> None:
        self._asked = Series[str, Job](changes)
        self._in_order = Index[Job, str, int](lambda row: ALL, lambda row: row.number)
        self._waiting = Table[int, Job](changes, self._in_order)

    async def enqueue(self, name: str, payload: Mapping[str, str]) -> None:
        number = len(self._asked.of(ALL))
        job = Job(number, name, MappingProxyType(dict(payload)))
        self._asked.add(ALL, job)
        self._waiting.put(number, job)

    def first(self) -> Job | None:
        number = self._in_order.only(ALL)
        return None if number is None else self._waiting[number]

    def done(self, job: Job) -> None:
        self._waiting.remove(job.number)


@attrs.frozen
class Claimed:
    """An idempotent request: who claimed the key for what, and its answer once there is one (GEN-10)."""

    fingerprint: str
    at: datetime
    answer: Answer | None = None


class MemoryAnswers:
    def __init__(self, changes: Changes) -> None:
        self._claims = Table[tuple[str, str, str], Claimed](changes)

    async def begin(self, owner: str, route: str, key: str, fingerprint: str, now: datetime) -> Answer | None:
        found = self._claims.get((owner, route, key))
        if found is None or (found.answer is None and now - found.at >= GIVEN_UP_AFTER):
            self._claims.put((owner, route, key), Claimed(fingerprint, now))
            return None
        if found.fingerprint != fingerprint:
            raise Conflict("idempotency_key_reused", "expected the request that this key was first used for, was another one")
        if found.answer is None:
            raise Conflict("request_in_progress", "expected the first request with this key to be answered, was still running")
        return found.answer

    async def finish(self, owner: str, route: str, key: str, answer: Answer) -> None:
        found = self._claims.get((owner, route, key))
        if found is not None and found.answer is None:
            self._claims.put((owner, route, key), attrs.evolve(found, answer=answer))

    async def give_up(self, owner: str, route: str, key: str) -> None:
        found = self._claims.get((owner, route, key))
        if found is not None and found.answer is None:
            self._claims.remove((owner, route, key))
