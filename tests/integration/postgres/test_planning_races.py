"""Two signals at once for one member, and what a page of members costs."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from dependency_injector import providers
from sqlalchemy import text

from cbc_adapters.exchange.simulated.listing import DEMONSTRATION
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import Reason
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.model import PositionState
from tests.club import PRICE, open_club
from tests.integration.postgres.counting import counted
from tests.promises.samples import BTC, NOW, SECOND, Place, Samples, committed

SIGNALS = 5


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
async def place(store: PostgresStore, samples: Samples) -> Place:
    return await samples.place(store)


async def test_of_signals_at_once_for_the_last_place_one_gets_it(store: PostgresStore, samples: Samples, place: Place) -> None:
    """rules: ELG-05"""
    signals = [await samples.heard(store, place, Symbol(f"C{number}USDT")) for number in range(SIGNALS)]

    async def plan(number: int) -> None:
        async with committed(store) as work:
            [candidate] = await work.planning.candidates([place.member.id], place.strategy.id, NOW, lock=True)
            taken = sum(activity.open_count for activity in candidate.activities)
            await asyncio.sleep(0)
            if taken:
                refused = samples.skipped(place.member, signals[number], Reason.POSITION_LIMIT)
                await work.planning.record([], [refused], NOW)
            else:
                position = samples.position(place, Symbol(f"C{number}USDT"), signal=signals[number])
                await work.planning.record([samples.ordered(position)], [], NOW)

    await asyncio.gather(*(plan(number) for number in range(SIGNALS)))

    async with store() as work:
        assert len(await work.trades.open_of(place.member.id)) == 1
        decided = await work.signals.decisions(place.member.id, [signal.id for signal in signals])
    assert sorted(one.outcome for one in decided) == ["ordered"] + ["skipped"] * (SIGNALS - 1)


async def test_one_signal_planned_by_many_at_once_makes_one_position(
    store: PostgresStore, samples: Samples, place: Place
) -> None:
    """rules: ELG-01, PRI-01"""

    async def plan() -> None:
        part = samples.ordered(samples.position(place))
        async with committed(store) as work:
            await work.planning.record([part], [], NOW)

    await asyncio.gather(*(plan() for _ in range(SIGNALS)))

    async with store() as work:
        [position] = await work.trades.of_signal(place.signal.id, None)
        [trade] = await work.trades.trades([position], lock=False)
        assert (await work.lane.backlog(NOW)).due == 1
    assert len(trade.orders) == 3


async def test_a_second_position_in_a_coin_is_refused_by_the_database(
    store: PostgresStore, samples: Samples, place: Place
) -> None:
    """rules: POS-03"""
    await samples.opened(store, place)
    second = await samples.heard(store, place)

    with pytest.raises(Conflict):
        async with committed(store) as work:
            await work.planning.record([samples.ordered(samples.position(place, signal=second))], [], NOW)


async def test_pages_of_members_locked_in_any_order_never_wait_in_a_circle(
    store: PostgresStore, samples: Samples, place: Place
) -> None:
    """rules: ELG-05"""
    members = [place.member.id] + [(await samples.joined(store)).id for _ in range(8)]

    async def look(page: Sequence[int]) -> None:
        async with committed(store) as work:
            await work.planning.candidates([members[number] for number in page], place.strategy.id, NOW, lock=True)
            equities = {(members[number], Environment.LIVE): Equity(Decimal(1000 + number), NOW) for number in page}
            await work.planning.observe_equity(equities, NOW)

    await asyncio.gather(*(look(range(9)[:: 1 if number % 2 else -1]) for number in range(12)))

    async with store() as work:
        [candidate] = await work.planning.candidates([members[8]], place.strategy.id, NOW, lock=False)
    assert candidate.activities[0].base is not None
    assert candidate.activities[0].base.peak == Decimal(1008)


async def test_a_page_costs_the_same_number_of_statements_however_many_members_it_has(
    store: PostgresStore, samples: Samples, place: Place
) -> None:
    """rules: ELG-05"""
    homes = [place] + [await samples.neighbour(store, place) for _ in range(24)]

    async def cost(few: Sequence[Place], symbol: Symbol) -> int:
        signal = await samples.heard(store, place, symbol)
        parts = [samples.ordered(samples.position(home, symbol, signal=signal)) for home in few]
        members = [home.member.id for home in few]
        async with committed(store) as work:
            with counted(store.engine) as count:
                await work.planning.page(signal.id, None, 1000)
                await work.planning.observe_equity(
                    {(one, Environment.LIVE): Equity(Decimal(1000), NOW) for one in members}, NOW
                )
                await work.planning.candidates(members, place.strategy.id, NOW, lock=True)
                await work.planning.record(parts, [], NOW)
        return count.value

    one, many = await cost(homes[:1], BTC), await cost(homes, Symbol("ETHUSDT"))

    assert one == many
    assert many <= 20


async def test_saving_many_trades_costs_as_much_as_saving_one(store: PostgresStore, samples: Samples, place: Place) -> None:
    """rules: ORD-12"""
    homes = [place] + [await samples.neighbour(store, place) for _ in range(9)]
    parts = [await samples.opened(store, home) for home in homes]

    async def cost(few: int) -> int:
        with counted(store.engine) as count:
            async with committed(store) as work:
                trades = await work.trades.trades([part.position.id for part in parts[:few]], lock=True)
                fills = [(trade.position.account, samples.fill(trade.orders[0], f"{few}")) for trade in trades]
                await work.trades.save(trades, fills)
        return count.value

    assert await cost(2) == await cost(10)
    async with store() as work:
        [trade] = await work.trades.trades([parts[0].position.id], lock=False)
    assert trade.orders[0].fill_ids == {"2", "10"}
    assert trade.orders[0].created_at + SECOND > NOW


@pytest.mark.parametrize(
    ("wishes", "before", "reason"),
    [
        ({"max_open_positions": 1}, 0, Reason.POSITION_LIMIT),
        ({"max_open_positions": 2}, 1, Reason.POSITION_LIMIT),
    ],
)
async def test_of_signals_planned_at_once_by_the_platform_one_takes_the_last_place(
    store: PostgresStore, wishes: Mapping[str, object], before: int, reason: Reason
) -> None:
    """rules: ELG-05, POS-03"""
    club = await open_club(store=store)
    member = await club.join(wishes=wishes)
    await club.market()
    coins = [instrument.symbol for instrument in DEMONSTRATION]
    for coin in coins[:before]:
        await club.alert("SINAL LONG FORTE", coin, close=_price(coin))
        await club.work()
    rivals = [await club.alert("SINAL LONG FORTE", coin, close=_price(coin)) for coin in coins[before : before + SIGNALS]]

    await asyncio.gather(*(club.platform.plan_orders()(one.signal) for one in rivals))

    told = [list(await club.reasons(member, one)) for one in rivals]
    assert sorted(told) == [[]] + [[reason.value]] * (SIGNALS - 1)
    assert len([one for one in await club.trades(member) if not one.position.state.final]) == before + 1


async def test_of_signals_planned_at_once_one_takes_the_last_of_the_days_trades(store: PostgresStore) -> None:
    """rules: ELG-05, RSK-01"""
    club = await open_club(store=store)
    member = await club.join(wishes={"max_open_positions": 2})
    await club.market()
    coins = [instrument.symbol for instrument in DEMONSTRATION]
    club.platform.limits.override(providers.Object(SystemLimits(trades_per_day=1)))
    rivals = [await club.alert("SINAL LONG FORTE", coin, close=_price(coin)) for coin in coins[:2]]

    await asyncio.gather(*(club.platform.plan_orders()(one.signal) for one in rivals))

    assert sorted([list(await club.reasons(member, one)) for one in rivals]) == [[], ["trades_per_day"]]


async def test_a_close_that_came_while_a_page_was_written_ends_what_the_page_opened(store: PostgresStore) -> None:
    """rules: POS-04, SIG-22"""
    club = await open_club(store=store)
    member = await club.join()
    await club.market()
    opened = await club.alert("SINAL LONG FORTE")
    async with store() as work:
        # Whoever plans waits for the member here, after he has looked for closes.
        await work.planning.candidates([member.id], club.strategy.id, club.clock.now(), lock=True)
        planning = asyncio.create_task(club.platform.plan_orders()(opened.signal))
        await _somebody_waits(store)
        club.clock.advance(by=SECOND)
        close = await club.alert("FECHE LONG")
        await club.platform.plan_orders()(close.signal)
    await planning

    await club.work()

    venue = await club.at_venue(member)
    assert (await club.trade(member)).position.state is PositionState.ABANDONED
    assert venue.flat
    assert venue.entries == 0


async def _somebody_waits(store: PostgresStore) -> None:
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    async with asyncio.timeout(30):
        while True:
            async with store.engine.connect() as connection:
                if await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.01)


def _price(coin: Symbol) -> str:
    return str(PRICE) if coin == BTC else "100"
