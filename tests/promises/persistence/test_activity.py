"""What stores promise of what a member has open, blocked and done (ELG-05)."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.model import Activity, CoinBlock, EquityBase
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.model import Ordered, Position, PositionState
from tests.promises.persistence.trade_acts import candidate, ended
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, SECOND, Place, Samples, closed, committed, held

pytestmark = pytest.mark.asyncio(loop_scope="session")


HOUR = timedelta(hours=1)


async def activity(store: Store, place: Place, now: datetime = NOW, environment: Environment = Environment.LIVE) -> Activity:
    [found] = [one for one in (await candidate(store, place, now)).activities if one.environment is environment]
    return found


async def test_open_positions_and_tasks_in_flight_take_places(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-05, POS-03"""
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH, Symbol("SOLUSDT"))]
    closing = attrs.evolve(held_position(parts[1]), state=PositionState.CLOSING)
    abandoned = attrs.evolve(parts[2].position, state=PositionState.ABANDONED, closed_at=NOW)
    async with committed(store) as work:
        await work.trades.save([Trade(closing, parts[1].orders), Trade(abandoned, parts[2].orders)], [])

    found = await activity(store, place)

    assert (found.open_symbols, found.open_count) == (frozenset({BTC, ETH}), 2)
    assert found.open_notional == 2 * Decimal("120.001")
    assert found.margin_in_flight == Decimal("24.0002")
    assert await activity(store, place, environment=Environment.TESTNET) == Activity(Environment.TESTNET)


def held_position(part: Ordered) -> Position:
    return held(part.position)


async def test_what_is_partly_bought_is_no_longer_in_flight(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-05, ORD-08"""
    part = await samples.opened(store, place)
    bought = attrs.evolve(part.position, bought=Decimal("0.001"), entry_price=Decimal(60000), opened_at=NOW)
    async with committed(store) as work:
        await work.trades.save([Trade(bought, part.orders)], [])

    found = await activity(store, place)

    assert (found.open_count, found.margin_in_flight) == (1, Decimal(0))


async def test_a_trade_of_midnight_is_one_of_the_day_that_begins(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-03, GEN-07"""
    midnight = NOW.replace(hour=3, minute=0)
    await samples.opened(store, place, created_at=midnight)
    await samples.opened(store, place, ETH, created_at=midnight - timedelta(microseconds=1))

    assert (await activity(store, place)).trades_today == 1


async def test_a_days_trades_are_counted_from_midnight_of_the_members_zone(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: RSK-01, RSK-03"""
    midnight = NOW.replace(hour=3, minute=0)
    await ended(store, samples, place, midnight + 30 * SECOND, "61000")
    await ended(store, samples, place, midnight + 3 * MINUTE, "61000", ETH)
    part = await samples.opened(store, place, created_at=NOW - HOUR)

    today = await activity(store, place)
    tomorrow = await activity(store, place, NOW + DAY)

    assert (today.trades_today, today.notional_today) == (2, 2 * part.position.size.notional)
    assert (tomorrow.trades_today, tomorrow.notional_today) == (0, Decimal(0))


async def test_what_was_abandoned_is_no_trade_of_the_day(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-01, ORD-01"""
    part = await samples.opened(store, place)
    abandoned = attrs.evolve(part.position, state=PositionState.ABANDONED, closed_at=NOW)
    async with committed(store) as work:
        await work.trades.save([Trade(abandoned, part.orders)], [])

    assert (await activity(store, place)).trades_today == 0


async def test_a_coin_is_blocked_until_its_instant_for_this_member_and_environment(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: POS-20, POS-21"""
    neighbour = await samples.neighbour(store, place)
    member, until = place.member.id, NOW + 2 * HOUR
    blocks = [
        CoinBlock(member, Environment.LIVE, "BTC", NOW, until, "TP"),
        CoinBlock(member, Environment.LIVE, "ETH", NOW - 3 * HOUR, NOW - HOUR, "SL"),
        CoinBlock(member, Environment.TESTNET, "SOL", NOW, until, "SL"),
    ]
    async with committed(store) as work:
        await work.trades.block_coins(blocks)
        await work.trades.block_coins([])
    async with committed(store) as work:
        await work.trades.block_coins(blocks)

    assert (await activity(store, place)).blocked_coins == (("BTC", until),)
    assert (await activity(store, place, until - SECOND)).blocked_coins == (("BTC", until),)
    assert (await activity(store, place, until)).blocked_coins == ()
    assert (await activity(store, neighbour)).blocked_coins == ()
    assert (await activity(store, place, environment=Environment.TESTNET)).blocked_coins == (("SOL", until),)


async def test_of_two_blocks_of_a_coin_the_longer_counts(store: Store, place: Place) -> None:
    """rules: POS-20"""
    member = place.member.id
    blocks = [
        CoinBlock(member, Environment.LIVE, "BTC", NOW - MINUTE * late, NOW + HOUR - MINUTE * late, "TP")
        for late in (10, 0, 20)
    ]
    async with committed(store) as work:
        await work.trades.block_coins(blocks)

    assert (await activity(store, place)).blocked_coins == (("BTC", NOW + HOUR),)


@pytest.mark.parametrize(
    ("exits", "streak"),
    [
        ("", 0),
        ("-", 1),
        ("---", 3),
        ("-+", 0),
        ("-+--", 2),
        ("-0-", 1),
    ],
    ids=["none", "one", "three", "reset", "counts again", "zero resets"],
)
async def test_losses_in_a_row_are_counted_and_a_result_of_zero_ends_them(
    store: Store, samples: Samples, place: Place, exits: str, streak: int
) -> None:
    """rules: RSK-12"""
    prices = {"-": "59000", "+": "62000", "0": "60036.5003"}
    for number, outcome in enumerate(exits):
        await ended(store, samples, place, NOW + number * MINUTE, prices[outcome])

    found = await activity(store, place, NOW + HOUR)

    assert (found.loss_streak, found.loss_streak_until) == (streak, None)


async def test_four_losses_in_a_row_pause_opens_for_four_hours(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-01, RSK-12"""
    for number in range(4):
        last = await ended(store, samples, place, NOW + number * MINUTE, "59000")
    assert last.closed_at is not None
    until = last.closed_at + 4 * HOUR

    assert (await activity(store, place, until - SECOND)).loss_streak_until == until
    assert (await activity(store, place, until)).loss_streak_until is None
    assert (await activity(store, place, environment=Environment.TESTNET)).loss_streak == 0


async def test_a_loss_that_is_not_settled_yet_does_not_count(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-12"""
    part = await samples.opened(store, place)
    async with committed(store) as work:
        await work.trades.save([Trade(closed(part.position, NOW, "59000"), part.orders)], [])

    assert (await activity(store, place, NOW + HOUR)).loss_streak == 0


async def test_the_first_equity_of_the_day_and_the_highest_are_remembered(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    for minutes, equity in ((0, "1000"), (1, "1500.5"), (2, "900")):
        async with committed(store) as work:
            at = NOW + minutes * MINUTE
            await work.planning.observe_equity({(place.member.id, Environment.LIVE): Equity(Decimal(equity), at)}, at)

    found = await activity(store, place, NOW + HOUR)

    assert found.base == EquityBase(day_start=Decimal(1000), week_start=Decimal(1000), peak=Decimal("1500.5"))
    assert (await activity(store, place, environment=Environment.PAPER)).base is None


async def test_the_week_starts_with_the_first_equity_of_the_last_seven_days(store: Store, place: Place) -> None:
    """rules: RSK-01, RSK-03"""
    for day, equity in ((0, "4000"), (1, "3000"), (4, "2000"), (7, "1000")):
        async with committed(store) as work:
            at = NOW + day * DAY
            await work.planning.observe_equity({(place.member.id, Environment.LIVE): Equity(Decimal(equity), at)}, at)

    found = await activity(store, place, NOW + 7 * DAY)

    assert found.base == EquityBase(day_start=Decimal(1000), week_start=Decimal(3000), peak=Decimal(4000))


async def test_a_day_begins_at_midnight_of_the_members_zone(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    midnight = NOW.replace(hour=3, minute=0)
    for at, equity in ((midnight - SECOND, "500"), (midnight, "800"), (NOW, "900")):
        async with committed(store) as work:
            await work.planning.observe_equity({(place.member.id, Environment.LIVE): Equity(Decimal(equity), at)}, at)

    found = await activity(store, place)

    assert found.base == EquityBase(day_start=Decimal(800), week_start=Decimal(500), peak=Decimal(900))


async def test_a_drawdown_pause_stands_until_it_is_lifted_and_the_peak_begins_anew(store: Store, place: Place) -> None:
    """rules: RSK-01, RSK-03"""
    mine = (place.member.id, Environment.LIVE)
    async with committed(store) as work:
        await work.planning.observe_equity({mine: Equity(Decimal(1000), NOW)}, NOW)
        first = await work.planning.pause_for_drawdown([mine], NOW)
        again = await work.planning.pause_for_drawdown([mine], NOW + SECOND)
        nobody = await work.planning.pause_for_drawdown([], NOW)
    assert (list(first), list(again), list(nobody)) == ([mine], [], [])
    assert (await activity(store, place)).drawdown_paused
    assert not (await activity(store, place, environment=Environment.PAPER)).drawdown_paused

    async with committed(store) as work:
        lifted = await work.planning.resume_after_drawdown(place.member.id, NOW + MINUTE)
        nothing = await work.planning.resume_after_drawdown(place.member.id, NOW + MINUTE)

    assert (list(lifted), list(nothing)) == ([Environment.LIVE], [])
    found = await activity(store, place)
    assert not found.drawdown_paused
    assert found.base == EquityBase(Decimal(1000), Decimal(1000), None)
    async with committed(store) as work:
        await work.planning.observe_equity({mine: Equity(Decimal(700), NOW + MINUTE)}, NOW + MINUTE)
        await work.planning.pause_for_drawdown([mine], NOW + HOUR)
    found = await activity(store, place)
    assert found.base == EquityBase(Decimal(1000), Decimal(1000), Decimal(700))
    assert found.drawdown_paused


async def test_a_peak_that_was_forgotten_is_not_remembered_the_next_day(store: Store, place: Place) -> None:
    """rules: RSK-03"""
    mine = (place.member.id, Environment.LIVE)
    async with committed(store) as work:
        await work.planning.observe_equity({mine: Equity(Decimal(1000), NOW)}, NOW)
        await work.planning.pause_for_drawdown([mine], NOW)
    async with committed(store) as work:
        await work.planning.resume_after_drawdown(place.member.id, NOW + MINUTE)

    async with committed(store) as work:
        await work.planning.observe_equity({mine: Equity(Decimal(700), NOW + DAY)}, NOW + DAY)

    assert (await activity(store, place, NOW + DAY)).base == EquityBase(Decimal(700), Decimal(1000), Decimal(700))


async def test_equities_of_many_members_are_remembered_together(store: Store, samples: Samples, place: Place) -> None:
    """rules: RSK-03"""
    neighbour = await samples.neighbour(store, place)
    async with committed(store) as work:
        await work.planning.observe_equity(
            {
                (place.member.id, Environment.LIVE): Equity(Decimal(1), NOW),
                (neighbour.member.id, Environment.PAPER): Equity(Decimal(2), NOW),
            },
            NOW,
        )
        await work.planning.observe_equity({}, NOW)

    mine, his = await activity(store, place), await activity(store, neighbour, environment=Environment.PAPER)
    assert mine.base == EquityBase(Decimal(1), Decimal(1), Decimal(1))
    assert his.base == EquityBase(Decimal(2), Decimal(2), Decimal(2))
