"""What stores promise of finding positions and orders."""

from collections.abc import Sequence
from datetime import datetime

import attrs
import pytest
import pytest_asyncio

from cbc_domain.kernel.ids import PositionId, SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.persistence.trades import OrderTally, Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.model import StopScope
from cbc_domain.signals.closing import Reach
from cbc_domain.trading.model import Ordered, OrderState, PositionState
from tests.promises.persistence.trade_acts import after_fill, save
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, SECOND, Place, Samples, closed, committed, held

pytestmark = pytest.mark.asyncio(loop_scope="session")


BOTH = frozenset(Side)
FINAL = frozenset(state for state in PositionState if state.final)
RUNNING = frozenset(PositionState) - FINAL


SOL = Symbol("SOLUSDT")


@pytest_asyncio.fixture(loop_scope="session")
async def four(store: Store, samples: Samples, place: Place) -> Sequence[Ordered]:
    """A long and a short that are held, one that opens, and one that is closing; a minute apart."""
    parts = [
        await samples.opened(store, place, symbol, side, NOW + number * MINUTE)
        for number, (symbol, side) in enumerate(
            [(BTC, Side.LONG), (ETH, Side.SHORT), (SOL, Side.LONG), (Symbol("XRPUSDT"), Side.LONG)]
        )
    ]
    closing = attrs.evolve(held(parts[3].position), state=PositionState.CLOSING)
    await save(store, held(parts[0].position), held(parts[1].position), closing)
    return parts


@pytest.fixture
def reach(samples: Samples, place: Place) -> Reach:
    """Everything of the strategy that was asked for until now, which is an hour later."""
    return Reach(place.strategy.id, None, BOTH, (NOW + 60 * MINUTE, SignalId(samples.ids.new())))


@pytest.mark.parametrize(
    ("symbol", "sides", "reached"),
    [
        (BTC, {Side.LONG}, [0]),
        (BTC, {Side.SHORT}, []),
        (ETH, BOTH, [1]),
        (None, {Side.LONG}, [0, 2]),
        (None, BOTH, [0, 1, 2]),
        (Symbol("XRPUSDT"), BOTH, []),
    ],
)
async def test_a_close_reaches_what_is_open_on_its_coin_and_side(
    store: Store, four: Sequence[Ordered], reach: Reach, symbol: Symbol | None, sides: set[Side], reached: list[int]
) -> None:
    """rules: POS-04"""
    async with store() as work:
        found = await work.trades.closable(attrs.evolve(reach, symbol=symbol, sides=frozenset(sides)), None, 10)

    assert found == [four[number].position.id for number in reached]


async def test_a_late_close_reaches_only_what_was_opened_before_it(store: Store, four: Sequence[Ordered], reach: Reach) -> None:
    """rules: SIG-22"""
    async with store() as work:
        found = await work.trades.closable(attrs.evolve(reach, opened_before=NOW + MINUTE), None, 10)

    assert found == [four[0].position.id]


async def test_a_close_reaches_nothing_that_was_asked_for_after_it(store: Store, four: Sequence[Ordered], reach: Reach) -> None:
    """rules: POS-04"""
    second = four[1].position

    async with store() as work:
        before = await work.trades.closable(attrs.evolve(reach, until=(second.created_at, second.signal)), None, 10)
        after = await work.trades.closable(attrs.evolve(reach, until=(second.created_at + SECOND, second.signal)), None, 10)

    assert before == [four[0].position.id]
    assert after == [four[0].position.id, second.id]


async def test_what_a_close_reaches_is_paged(store: Store, four: Sequence[Ordered], reach: Reach) -> None:
    """rules: POS-04"""
    async with store() as work:
        first = await work.trades.closable(reach, None, 2)
        second = await work.trades.closable(reach, first[-1], 2)

    assert [*first, *second] == [part.position.id for part in four[:3]]


async def test_another_strategy_reaches_nothing(store: Store, samples: Samples, four: Sequence[Ordered], reach: Reach) -> None:
    """rules: POS-04"""
    async with store() as work:
        assert await work.trades.closable(attrs.evolve(reach, strategy=StrategyId(samples.ids.new())), None, 10) == []


@pytest.mark.parametrize(
    ("symbol", "sides", "since", "newest"),
    [
        (None, BOTH, NOW - SECOND, 2),
        (None, BOTH, NOW + 2 * MINUTE, None),
        (None, {Side.SHORT}, NOW - SECOND, 1),
        (BTC, BOTH, NOW - SECOND, 0),
        (BTC, BOTH, NOW, None),
    ],
)
async def test_the_newest_position_since_a_close_makes_a_repeat_count(
    store: Store,
    place: Place,
    four: Sequence[Ordered],
    symbol: Symbol | None,
    sides: set[Side],
    since: datetime,
    newest: int | None,
) -> None:
    """rules: SIG-30"""
    async with store() as work:
        found = await work.trades.opened_since(place.strategy.id, symbol, sides, since)

    assert found == (None if newest is None else four[newest].position.id)


async def test_unfinished_positions_are_paged_in_ascending_id(
    store: Store, samples: Samples, place: Place, four: Sequence[Ordered]
) -> None:
    """rules: POS-10"""
    await save(store, closed(four[1].position, NOW + 5 * MINUTE))

    async with store() as work:
        first = await work.trades.unfinished(None, 2, NOW + DAY)
        second = await work.trades.unfinished(first[-1], 2, NOW + DAY)

        assert await work.trades.open_of(place.member.id) == [*first, *second]
    assert [*first, *second] == [four[number].position.id for number in (0, 2, 3)]


async def test_positions_are_paged_newest_first(store: Store, samples: Samples, place: Place, four: Sequence[Ordered]) -> None:
    """rules: API-03"""
    neighbour = await samples.neighbour(store, place)
    await samples.opened(store, neighbour)

    async with store() as work:
        first = await work.trades.positions_page(place.member.id, None, 3, None, None)
        second = await work.trades.positions_page(place.member.id, first.next_cursor, 3, None, None)

    assert [one.id for one in (*first.items, *second.items)] == [part.position.id for part in four[::-1]]
    assert second.next_cursor is None


async def test_positions_are_filtered_by_symbol_and_by_end(store: Store, place: Place, four: Sequence[Ordered]) -> None:
    """rules: API-03"""
    await save(store, closed(four[0].position, NOW + DAY))

    async with store() as work:
        ended = await work.trades.positions_page(place.member.id, None, 10, None, FINAL)
        running = await work.trades.positions_page(place.member.id, None, 10, None, RUNNING)
        of_coin = await work.trades.positions_page(place.member.id, None, 10, ETH, None)

    assert [one.id for one in ended.items] == [four[0].position.id]
    assert [one.id for one in running.items] == [part.position.id for part in four[:0:-1]]
    assert [one.id for one in of_coin.items] == [four[1].position.id]


async def test_orders_are_paged_newest_first_and_filtered(
    store: Store, samples: Samples, place: Place, four: Sequence[Ordered]
) -> None:
    """rules: API-03"""
    everything = [order.id for part in four for order in part.orders][::-1]
    fill = samples.fill(four[0].orders[0])
    filled = Trade(held(four[0].position), (after_fill(four[0].orders[0], fill), *four[0].orders[1:]))
    async with committed(store) as work:
        await work.trades.save([filled], [(place.account.id, fill)])

    async with store() as work:
        first = await work.trades.orders_page(place.member.id, None, 7, None, None)
        second = await work.trades.orders_page(place.member.id, first.next_cursor, 7, None, None)
        done = await work.trades.orders_page(place.member.id, None, 10, None, "FILLED")
        of_coin = await work.trades.orders_page(place.member.id, None, 10, ETH, None)
        none = await work.trades.orders_page(place.member.id, None, 10, ETH, "FILLED")

    assert [order.id for order in (*first.items, *second.items)] == everything
    assert list(done.items) == [filled.orders[0]]
    assert [order.id for order in of_coin.items] == [order.id for order in four[1].orders[::-1]]
    assert list(none.items) == []


async def test_positions_of_a_signal_are_found_for_everybody_or_one(store: Store, samples: Samples, place: Place) -> None:
    """rules: SIG-31"""
    neighbour = await samples.neighbour(store, place)
    parts = [samples.ordered(samples.position(one)) for one in (place, neighbour)]
    async with committed(store) as work:
        await work.planning.record(parts, [], NOW)
    await samples.opened(store, place, ETH)

    async with store() as work:
        everybody = await work.trades.of_signal(place.signal.id, None)
        mine = await work.trades.of_signal(place.signal.id, place.member.id)

    assert everybody == [part.position.id for part in parts]
    assert mine == [parts[0].position.id]


async def test_an_emergency_reaches_the_unfinished_positions_of_its_scope(
    store: Store, samples: Samples, place: Place, four: Sequence[Ordered]
) -> None:
    """rules: RSK-20"""
    neighbour = await samples.neighbour(store, place)
    other = await samples.opened(store, neighbour)
    await save(store, closed(four[0].position, NOW + DAY))
    mine = [part.position.id for part in four[1:]]
    first = four[1].position

    async def reached(
        scope: StopScope, target: str | None, after: PositionId | None = None, limit: int = 10
    ) -> list[PositionId]:
        async with store() as work:
            return list(await work.trades.in_scope(scope, target, after, limit))

    everything = sorted([*mine, other.position.id])
    assert await reached(StopScope.GLOBAL, None) == everything
    assert await reached(StopScope.GLOBAL, None, everything[0], 2) == everything[1:3]
    assert await reached(StopScope.EXCHANGE, first.venue.value) == everything
    assert await reached(StopScope.EXCHANGE, "okx") == []
    assert await reached(StopScope.STRATEGY, str(first.strategy)) == everything
    assert await reached(StopScope.STRATEGY, "no identity") == []
    assert await reached(StopScope.USER, str(neighbour.member.id)) == [other.position.id]
    assert await reached(StopScope.SYMBOL, first.symbol) == sorted(
        one.position.id for one in (*four[1:], other) if one.position.symbol == first.symbol
    )


async def test_sent_orders_are_counted_by_venue_with_those_that_failed(
    store: Store, samples: Samples, place: Place, four: Sequence[Ordered]
) -> None:
    """rules: RSK-22"""
    states = (OrderState.FILLED, OrderState.REJECTED, OrderState.UNKNOWN, OrderState.CREATED)
    trades = [
        Trade(
            part.position,
            (attrs.evolve(part.orders[0], state=state, sent_at=None if state is OrderState.CREATED else NOW), *part.orders[1:]),
        )
        for part, state in zip(four, states, strict=True)
    ]
    async with committed(store) as work:
        await work.trades.save(trades, [])

    async with store() as work:
        assert await work.trades.sent_since(NOW - DAY) == {place.account.venue: OrderTally(3, 2)}
        assert await work.trades.sent_since(NOW + DAY) == {}
