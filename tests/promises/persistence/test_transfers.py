"""What stores promise of money that was moved into exchange accounts: kept once, and neither gain nor loss (RSK-03)."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.model import EquityBase, KeyStatus
from cbc_domain.risk.transfers import Equity, Transfer
from tests.promises.persistence.trade_acts import candidate
from tests.promises.samples import DAY, MINUTE, NOW, SECOND, Place, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSTANT = timedelta(microseconds=1)


async def observed(store: Store, place: Place, equity: str, at: datetime, environment: Environment = Environment.LIVE) -> None:
    async with committed(store) as work:
        await work.planning.observe_equity({(place.member.id, environment): Equity(Decimal(equity), at)}, at)


async def recorded(store: Store, place: Place, amount: str, at: datetime, venue_id: str = "1") -> int:
    async with committed(store) as work:
        return await work.transfers.record([Transfer(place.account.id, venue_id, Decimal(amount), at)], {})


async def base_of(store: Store, place: Place, now: datetime) -> EquityBase | None:
    [live] = [one for one in (await candidate(store, place, now)).activities if one.environment is Environment.LIVE]
    return live.base


def worth(day: str, week: str, peak: str) -> EquityBase:
    return EquityBase(Decimal(day), Decimal(week), Decimal(peak))


async def due(
    store: Store, asked_before: datetime, now: datetime, limit: int = 10, among: Collection[AccountId] | None = None
) -> Mapping[AccountId, datetime | None]:
    async with committed(store) as work:
        return await work.transfers.take_due(asked_before, now, limit, among)


async def test_recording_the_same_transfers_twice_changes_nothing(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-03"""
    neighbour = await samples.neighbour(store, place)
    mine, his = place.account.id, neighbour.account.id
    first = Transfer(mine, "b", Decimal("-40.00000001"), NOW)
    told = [Transfer(mine, "a", Decimal(250), NOW + SECOND), first, Transfer(his, "b", Decimal(7), NOW)]
    other = attrs.evolve(first, amount=Decimal(1), at=NOW + DAY)

    async with committed(store) as work:
        counts = [await work.transfers.record(told, {mine: NOW}), await work.transfers.record([other, *told], {})]
        counts.append(await work.transfers.record([first, first], {}))
        counts.append(await work.transfers.record([], {}))

    async with store() as work:
        assert await work.transfers.of(mine) == [first, told[0]]
        assert await work.transfers.of(his) == told[2:]
    assert counts == [3, 0, 0, 0]


async def test_what_was_moved_later_is_neither_gain_nor_loss(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    await observed(store, place, "2000", NOW - 2 * DAY)
    await observed(store, place, "1000", NOW)
    await recorded(store, place, "500", NOW - DAY, "1")
    await recorded(store, place, "-100", NOW + MINUTE, "2")

    assert await base_of(store, place, NOW + 2 * MINUTE) == worth("900", "2400", "2400")


async def test_what_was_moved_after_a_reading_is_not_in_what_it_is_compared_with(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    mine = (place.member.id, Environment.LIVE)
    await observed(store, place, "1000", NOW)
    await recorded(store, place, "500", NOW + MINUTE, "1")
    await recorded(store, place, "70", NOW + 2 * MINUTE, "2")

    async with store() as work:
        read_at = {mine: NOW + 2 * MINUTE}
        [found] = await work.planning.candidates([place.member.id], None, NOW + DAY / 24, lock=False, read_at=read_at)

    assert [one.base for one in found.activities if one.base] == [worth("1500", "1500", "1500")]


async def test_what_comes_to_be_known_late_was_part_of_what_was_measured_meanwhile(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    await observed(store, place, "1500", NOW)

    await recorded(store, place, "500", NOW - INSTANT)

    assert await base_of(store, place, NOW + MINUTE) == worth("1500", "1500", "1500")


async def test_what_the_venue_remembers_from_before_the_first_measure_shifts_nothing(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    await recorded(store, place, "800", NOW - DAY)

    await observed(store, place, "1000", NOW)

    assert await base_of(store, place, NOW) == worth("1000", "1000", "1000")


async def test_a_deposit_makes_no_peak_and_a_withdrawal_hides_none(store: Store, place: Place) -> None:
    """rules: RSK-01, RSK-03"""
    await observed(store, place, "1000", NOW)
    await recorded(store, place, "500", NOW + MINUTE, "in")
    await observed(store, place, "1400", NOW + 2 * MINUTE)
    assert await base_of(store, place, NOW + 2 * MINUTE) == worth("1500", "1500", "1500")

    await recorded(store, place, "-1000", NOW + 3 * MINUTE, "out")
    await observed(store, place, "510", NOW + 4 * MINUTE)

    assert await base_of(store, place, NOW + 5 * MINUTE) == worth("500", "500", "510")


async def test_the_peak_of_an_earlier_day_is_compared_after_all_transfers(store: Store, place: Place) -> None:
    """rules: RSK-01, RSK-03"""
    await observed(store, place, "1000", NOW)
    await recorded(store, place, "-600", NOW + MINUTE)

    await observed(store, place, "450", NOW + DAY)
    await observed(store, place, "440", NOW + DAY + MINUTE)

    assert await base_of(store, place, NOW + DAY + MINUTE) == worth("450", "400", "450")


async def test_only_accounts_that_are_counted_move_the_base(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-03"""
    await observed(store, place, "1000", NOW)
    await recorded(store, place, "500", NOW + MINUTE)
    await recorded(store, await samples.neighbour(store, place), "70", NOW + MINUTE)
    async with committed(store) as work:
        await work.people.save_account(attrs.evolve(place.account, can_trade=False))

    assert await base_of(store, place, NOW + MINUTE) == worth("1000", "1000", "1000")


async def test_a_forgotten_peak_stays_forgotten_whatever_is_moved(store: Store, place: Place) -> None:
    """rules: RSK-01, RSK-03"""
    mine = (place.member.id, Environment.LIVE)
    await observed(store, place, "1000", NOW)
    async with committed(store) as work:
        await work.planning.pause_for_drawdown([mine], NOW)
    async with committed(store) as work:
        await work.planning.resume_after_drawdown(place.member.id, NOW + MINUTE)
    await recorded(store, place, "300", NOW + 2 * MINUTE)

    assert await base_of(store, place, NOW + 2 * MINUTE) == EquityBase(Decimal(1300), Decimal(1300), None)


async def test_accounts_with_a_measured_equity_are_asked_about_in_turn(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-03"""
    later, removed, unmeasured = [await samples.neighbour(store, place) for _ in range(3)]
    for one in (place, later, removed):
        await observed(store, one, "1000", NOW)
    await observed(store, unmeasured, "1000", NOW, Environment.PAPER)
    async with committed(store) as work:
        await work.people.save_account(attrs.evolve(removed.account, status=KeyStatus.REMOVED))
    first, second = sorted((place.account.id, later.account.id))

    assert await due(store, NOW, NOW, 1) == {first: None}
    assert await due(store, NOW, NOW + SECOND) == {second: None}
    assert await due(store, NOW, NOW + SECOND) == {}
    async with committed(store) as work:
        await work.transfers.record([], {first: NOW})
    assert await due(store, NOW + MINUTE, NOW + MINUTE, 1) == {first: NOW}
    assert await due(store, NOW + MINUTE, NOW + MINUTE) == {second: None}


async def test_only_the_accounts_that_are_named_are_given(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-03"""
    neighbour = await samples.neighbour(store, place)
    for one in (place, neighbour):
        await observed(store, one, "1000", NOW)

    assert await due(store, NOW, NOW, among=[]) == {}
    assert await due(store, NOW, NOW, among=[neighbour.account.id]) == {neighbour.account.id: None}


async def test_what_is_known_never_goes_back(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    await observed(store, place, "1000", NOW)
    async with committed(store) as work:
        await work.transfers.record([], {place.account.id: NOW + MINUTE})
        await work.transfers.record([], {place.account.id: NOW})

    assert await due(store, NOW + DAY, NOW + DAY) == {place.account.id: NOW + MINUTE}
