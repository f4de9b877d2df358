"""What stores promise of orders, fills and positions."""

import attrs
import pytest

from cbc_domain.kernel.ids import OrderId, PositionId
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.trading.model import Leg, OrderState
from tests.promises.persistence.trade_acts import after_fill, read, save
from tests.promises.samples import BTC, ETH, MINUTE, NOW, SECOND, Place, Samples, committed, held

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_trade_comes_back_as_it_was_intended(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-02"""
    part = await samples.opened(store, place)

    assert await read(store, part.position.id) == Trade(part.position, part.orders)


async def test_trades_are_read_in_ascending_id_and_unknown_ones_left_out(store: Store, samples: Samples, place: Place) -> None:
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH)]
    unknown = PositionId(samples.ids.new())

    async with store() as work:
        found = await work.trades.trades([parts[1].position.id, unknown, parts[0].position.id], lock=True)

        assert [trade.position for trade in found] == [part.position for part in parts]
        assert await work.trades.trades([], lock=False) == []


async def test_orders_stand_oldest_first(store: Store, samples: Samples, place: Place) -> None:
    part = await samples.opened(store, place)
    later = samples.order(part.position, Leg.STOP, 1, NOW + MINUTE)
    async with committed(store) as work:
        await work.trades.add_orders([later])

    assert (await read(store, part.position.id)).orders == (*part.orders, later)


async def test_positions_are_found_by_our_client_order_ids(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-03"""
    first, second = await samples.opened(store, place, BTC), await samples.opened(store, place, ETH)
    asked = {first.orders[0].client_id, first.orders[1].client_id, second.orders[2].client_id, "somebody else's"}

    async with store() as work:
        found = await work.trades.positions_of_orders(asked)

        assert await work.trades.positions_of_orders([]) == {}
    assert found == {
        first.orders[0].client_id: first.position.id,
        first.orders[1].client_id: first.position.id,
        second.orders[2].client_id: second.position.id,
    }


async def test_accounts_that_have_something_open_are_told_in_order(store: Store, samples: Samples, place: Place) -> None:
    """rules: POS-10"""
    part = await samples.opened(store, place)

    async with store() as work:
        everybody = await work.trades.holders(None, 1000)
        beyond = await work.trades.holders(part.position.account, 1000)

    assert list(everybody) == sorted(set(everybody))
    assert part.position.account in everybody
    assert part.position.account not in beyond


async def test_an_order_that_stands_already_is_left_as_it_is(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-02, ORD-03"""
    part = await samples.opened(store, place)
    again = attrs.evolve(part.orders[0], id=OrderId(samples.ids.new()), state=OrderState.REJECTED)

    async with committed(store) as work:
        await work.trades.add_orders([again])
        await work.trades.add_orders([])

    assert (await read(store, part.position.id)).orders == part.orders


async def test_saving_writes_what_became_of_positions_and_orders(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-01, ORD-12, ORD-14, POS-01"""
    part = await samples.opened(store, place)
    fill = samples.fill(part.orders[0])
    lost = attrs.evolve(part.orders[1], state=OrderState.UNKNOWN, sent_at=NOW, lost_at=NOW + SECOND, error_code="-1006")
    after = Trade(held(part.position), (after_fill(part.orders[0], fill), lost, part.orders[2]))

    async with committed(store) as work:
        await work.trades.save([after], [(place.account.id, fill)])

    assert await read(store, part.position.id) == after


async def test_what_a_position_was_opened_with_never_changes(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-04, GEN-16"""
    part = await samples.opened(store, place)

    await save(store, held(part.position))

    stored = (await read(store, part.position.id)).position
    assert (stored.terms, stored.size, stored.signal) == (part.position.terms, part.position.size, part.position.signal)


async def test_a_fill_that_is_known_changes_nothing(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-12"""
    part = await samples.opened(store, place)
    fill = samples.fill(part.orders[0])
    after = Trade(held(part.position), (after_fill(part.orders[0], fill), *part.orders[1:]))
    async with committed(store) as work:
        await work.trades.save([after], [(place.account.id, fill)])

    async with committed(store) as work:
        await work.trades.save([after], [(place.account.id, fill), (place.account.id, fill)])

    assert await read(store, part.position.id) == after


async def test_the_fills_of_another_account_may_have_the_same_id(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-12"""
    neighbour = await samples.neighbour(store, place)
    parts = [await samples.opened(store, one) for one in (place, neighbour)]

    for one, part in zip((place, neighbour), parts, strict=True):
        fill = samples.fill(part.orders[0], "same")
        after = Trade(held(part.position), (after_fill(part.orders[0], fill), *part.orders[1:]))
        async with committed(store) as work:
            await work.trades.save([after], [(one.account.id, fill)])

    assert [(await read(store, part.position.id)).orders[0].fill_ids for part in parts] == [frozenset({"same"})] * 2


async def test_what_changed_lately_is_left_alone(store: Store, samples: Samples, place: Place) -> None:
    """rules: POS-10"""
    quiet, sent = await samples.opened(store, place, BTC), await samples.opened(store, place, ETH)
    entry = attrs.evolve(sent.orders[0], state=OrderState.SUBMITTED, sent_at=NOW + MINUTE)
    async with committed(store) as work:
        await work.trades.save([Trade(sent.position, (entry, *sent.orders[1:]))], [])

    async with store() as work:
        assert await work.trades.unfinished(None, 10, NOW) == []
        assert await work.trades.unfinished(None, 10, NOW + MINUTE) == [quiet.position.id]
        assert await work.trades.unfinished(None, 10, NOW + MINUTE + SECOND) == [quiet.position.id, sent.position.id]


async def test_nobody_elses_positions_are_open_of_a_member(store: Store, samples: Samples, place: Place) -> None:
    neighbour = await samples.neighbour(store, place)
    part = await samples.opened(store, place)

    async with store() as work:
        assert await work.trades.open_of(place.member.id) == [part.position.id]
        assert await work.trades.open_of(neighbour.member.id) == []
