"""What stores promise of events."""

import asyncio

import attrs
import pytest

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import NOW, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_events_are_taken_oldest_first_and_once(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    member = await samples.joined(store)
    events = [samples.event(member) for _ in range(5)]
    async with committed(store) as work:
        await work.outbox.add(events[:3])
    async with committed(store) as work:
        await work.outbox.add(events[3:])
        await work.outbox.add([])

    taken = []
    for _ in range(3):
        async with committed(store) as work:
            taken.append(await work.outbox.take(2))

    assert [list(part) for part in taken] == [events[:2], events[2:4], events[4:]]


async def test_an_event_comes_back_as_it_was_told(store: Store, samples: Samples) -> None:
    """rules: ARC-06, ARC-08"""
    member = await samples.joined(store)
    cause = samples.event(member)
    event = Event(
        id=EventId(samples.ids.new()),
        name=EventName.DEBT_CREATED,
        subject=member.id,
        occurred_at=NOW,
        data={"amount": "BRL 1.00", "nota": "débito"},
        causation_id=cause.id,
        hops=3,
    )

    async with committed(store) as work:
        await work.outbox.add([cause, event])

    async with store() as work:
        assert await work.outbox.about(member.id) == [cause, event]


async def test_an_event_is_told_once(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    event = samples.event(await samples.joined(store))
    for _ in range(2):
        async with committed(store) as work:
            await work.outbox.add([event, attrs.evolve(event, data={"key": "changed"})])

    async with committed(store) as work:
        assert await work.outbox.take(10) == [event]
    async with store() as work:
        assert await work.outbox.about(event.subject) == [event]
        assert await work.outbox.take(10) == []


async def test_events_taken_in_an_undone_unit_are_taken_again(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    event = samples.event(await samples.joined(store))
    async with committed(store) as work:
        await work.outbox.add([event])
    async with store() as work:
        await work.outbox.take(10)

    async with store() as work:
        assert await work.outbox.take(10) == [event]


async def test_two_takers_share_the_events(store: Store, samples: Samples) -> None:
    """rules: ARC-06"""
    member = await samples.joined(store)
    events = [samples.event(member) for _ in range(20)]
    async with committed(store) as work:
        await work.outbox.add(events)

    async def take() -> list[Event]:
        async with committed(store) as work:
            return list(await work.outbox.take(5))

    taken = [event for part in await asyncio.gather(*(take() for _ in range(4))) for event in part]

    assert sorted(event.id for event in taken) == [event.id for event in events]


async def test_only_the_events_of_a_subject_are_about_it(store: Store, samples: Samples) -> None:
    first, second = await samples.joined(store), await samples.joined(store)
    events = [samples.event(member) for member in (first, second, first)]
    async with committed(store) as work:
        await work.outbox.add(events)

    async with store() as work:
        assert await work.outbox.about(first.id) == [events[0], events[2]]
