"""What stores promise of market readings and exchange rates."""

from datetime import datetime, timedelta

import pytest

from cbc_domain.market.model import Direction
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import DAY, MINUTE, NOW, SECOND, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


HOUR = timedelta(hours=1)


async def test_readings_are_read_oldest_first_with_both_ends(store: Store, samples: Samples) -> None:
    """rules: MKT-31"""
    readings = [samples.reading(NOW + number * MINUTE) for number in range(4)]
    async with committed(store) as work:
        await work.signals.add_readings(readings[:1:-1])
        await work.signals.add_readings(readings[1::-1])
        await work.signals.add_readings([])

    async with store() as work:
        assert await work.signals.readings(NOW + MINUTE, NOW + 2 * MINUTE) == readings[1:3]
        assert await work.signals.readings(NOW + DAY, NOW + 2 * DAY) == []


async def test_a_reading_of_the_same_instant_replaces_the_first(store: Store, samples: Samples) -> None:
    """rules: MKT-31"""
    first, second = samples.reading(), samples.reading(direction=Direction.LONG_ONLY)
    for reading in (first, second):
        async with committed(store) as work:
            await work.signals.add_readings([reading])

    async with store() as work:
        assert await work.signals.readings(NOW - DAY, NOW + DAY) == [second]


async def test_the_newest_rate_accepted_by_then_is_the_rate(store: Store, samples: Samples) -> None:
    """rules: FX-01"""
    early, late = samples.rate("5.100000", NOW - HOUR), samples.rate("5.250001", NOW)
    async with committed(store) as work:
        await work.signals.add_rate(late)
        await work.signals.add_rate(early)

    async with store() as work:
        assert await work.signals.rate(NOW - 2 * HOUR) is None
        assert await work.signals.rate(NOW - HOUR) == early
        assert await work.signals.rate(NOW - SECOND) == early
        assert await work.signals.rate(NOW + 90 * DAY) == late


async def test_of_two_rates_of_one_instant_the_later_kept_one_counts(store: Store, samples: Samples) -> None:
    """rules: FX-01"""
    async with committed(store) as work:
        await work.signals.add_rate(samples.rate("5.1"))
        await work.signals.add_rate(samples.rate("5.2"))

    async with store() as work:
        assert await work.signals.rate(NOW) == samples.rate("5.2")


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        (NOW - DAY - SECOND, "5.1"),
        (NOW - DAY, "5.1"),
        (NOW, "5.1"),
        (NOW + DAY, "5.1"),
        (NOW + DAY + SECOND, "5.3"),
        (NOW + 3 * DAY, "5.3"),
        (NOW + 4 * DAY + SECOND, None),
    ],
)
async def test_the_rate_of_a_charge_is_the_one_at_the_close_or_the_first_afterwards(
    store: Store, samples: Samples, closed: datetime, expected: str | None
) -> None:
    """rules: FX-04"""
    async with committed(store) as work:
        await work.signals.add_rate(samples.rate("5.1", NOW))
        await work.signals.add_rate(samples.rate("5.3", NOW + 3 * DAY))

    async with store() as work:
        found = await work.signals.charge_rates({closed})

    rates = {closed: samples.rate(expected, NOW if expected == "5.1" else NOW + 3 * DAY)} if expected else {}
    assert found == rates


async def test_the_rates_of_many_charges_are_read_together(store: Store, samples: Samples) -> None:
    """rules: FX-04"""
    first, second = samples.rate("5.1", NOW), samples.rate("5.2", NOW + HOUR)
    async with committed(store) as work:
        await work.signals.add_rate(first)
        await work.signals.add_rate(second)

    async with store() as work:
        found = await work.signals.charge_rates({NOW, NOW + HOUR, NOW + 2 * DAY})
        none = await work.signals.charge_rates(set())

    assert found == {NOW: first, NOW + HOUR: second}
    assert none == {}
