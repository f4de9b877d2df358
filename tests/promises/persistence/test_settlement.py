"""What stores promise of the settlement of closed positions."""

import attrs
import pytest

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.ids import JournalId, PositionId
from cbc_domain.kernel.venues import Symbol
from cbc_domain.ledger.postings import recharge
from cbc_domain.ports.persistence.trades import Settlement
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.trading.model import PositionState
from tests.promises.persistence.trade_acts import read, save
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, Place, Samples, brl, closed, committed, usd

pytestmark = pytest.mark.asyncio(loop_scope="session")


SOL = Symbol("SOLUSDT")


async def test_closed_positions_wait_for_settlement_in_the_order_of_closing(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: COM-10"""
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH, SOL)]
    abandoned = attrs.evolve(parts[2].position, state=PositionState.ABANDONED, closed_at=NOW)
    first, second = closed(parts[1].position, NOW + MINUTE), closed(parts[0].position, NOW + 2 * MINUTE)
    liquidated = attrs.evolve(second, state=PositionState.LIQUIDATED)
    await save(store, first, liquidated, abandoned)

    async with store() as work:
        assert await work.trades.unsettled(NOW + DAY, 10) == [first.id, second.id]
        assert await work.trades.unsettled(NOW + DAY, 1) == [first.id]


async def test_trades_that_wait_for_a_rate_hold_up_nobody(store: Store, samples: Samples, place: Place) -> None:
    """rules: FX-03, COM-10"""
    older, newer = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH)]
    await save(store, closed(older.position, NOW + MINUTE), closed(newer.position, NOW + 2 * MINUTE))
    async with committed(store) as work:
        await work.trades.settle([Settlement(older.position.id, SettlementState.PENDING_RATE, None, NOW + 2 * MINUTE)])

    async with store() as work:
        assert await work.trades.unsettled(NOW + DAY, 1) == [newer.position.id]
        assert await work.trades.unsettled(NOW + DAY, 2) == [newer.position.id, older.position.id]


@pytest.mark.parametrize(
    ("state", "waits"),
    [
        (SettlementState.PENDING_RATE, True),
        (SettlementState.SETTLED, False),
        (SettlementState.NOT_CHARGEABLE, False),
    ],
)
async def test_a_settlement_ends_the_wait_unless_a_rate_is_missing(
    store: Store, samples: Samples, place: Place, state: SettlementState, waits: bool
) -> None:
    """rules: COM-10, FX-03"""
    part = await samples.opened(store, place)
    await save(store, closed(part.position, NOW + MINUTE))

    async with committed(store) as work:
        await work.trades.settle([Settlement(part.position.id, state, None, NOW + 2 * MINUTE)])

    async with store() as work:
        assert await work.trades.unsettled(NOW + DAY, 10) == ([part.position.id] if waits else [])
    assert (await read(store, part.position.id)).position.settlement is state


async def charged(store: Store, place: Place) -> JournalId:
    async with committed(store) as work:
        [posting] = await work.books.post([recharge("pi_1", place.member.id, brl("10.00"), NOW)], NOW)
    return posting.id


async def test_a_settlement_comes_back_with_its_rate_and_parts(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-11, FX-05"""
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH)]
    ends = [closed(part.position, NOW + MINUTE) for part in parts]
    await save(store, *ends)
    full = Settlement(
        position=ends[0].id,
        state=SettlementState.SETTLED,
        reason=SettlementReason.CHARGED,
        at=NOW + 2 * MINUTE,
        commission=brl("52.50"),
        affiliate=brl("0.79"),
        company=brl("51.71"),
        debt=brl("0.00"),
        rate=samples.rate("5.250001"),
        journal=await charged(store, place),
    )
    bare = Settlement(ends[1].id, SettlementState.NOT_CHARGEABLE, SettlementReason.NO_PROFIT, NOW + 2 * MINUTE)

    async with committed(store) as work:
        await work.trades.settle([full, bare])
        await work.trades.settle([])

    async with store() as work:
        assert await work.trades.settlements([ends[1].id, ends[0].id, PositionId(samples.ids.new())]) == [full, bare]
        assert await work.trades.settlements([]) == []


async def test_a_position_is_settled_once(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-07, COM-10"""
    part = await samples.opened(store, place)
    await save(store, closed(part.position, NOW + MINUTE))
    first = Settlement(
        part.position.id,
        SettlementState.SETTLED,
        SettlementReason.CHARGED,
        NOW,
        commission=usd("1.00"),
        affiliate=usd("0.00"),
        company=usd("1.00"),
        debt=usd("0.00"),
        journal=await charged(store, place),
    )
    waiting = Settlement(part.position.id, SettlementState.PENDING_RATE, None, NOW)

    for settlement in (waiting, first, waiting, attrs.evolve(first, commission=usd("2.00"))):
        async with committed(store) as work:
            await work.trades.settle([settlement])

    async with store() as work:
        assert await work.trades.settlements([part.position.id]) == [first]
        assert await work.trades.unsettled(NOW + DAY, 10) == []
