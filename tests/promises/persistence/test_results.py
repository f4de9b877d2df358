"""What stores promise of the venues' own results, and of corrections to settlements."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_domain.commissions.model import RECORD_WAIT, SettlementReason, SettlementState
from cbc_domain.kernel.ids import DebtId, JournalId, PositionId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.postings import forgiveness, recharge
from cbc_domain.ports.persistence.results import Review
from cbc_domain.ports.persistence.trades import Settlement
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.trading.model import Position
from tests.promises.persistence.bookkeeping import fee_of, holdings, post
from tests.promises.persistence.trade_acts import read, save
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, Place, Samples, brl, closed, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSTANT = timedelta(microseconds=1)
CHARGED = SettlementReason.CHARGED


async def ended(store: Store, samples: Samples, place: Place) -> tuple[Position, Position]:
    """Two closed positions; the one in ETH closed a minute later."""
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH)]
    first, second = closed(parts[0].position, NOW), closed(parts[1].position, NOW + MINUTE)
    await save(store, first, second)
    return first, second


async def unsettled(store: Store, now: datetime) -> list[PositionId]:
    async with store() as work:
        return list(await work.trades.unsettled(now, 10))


async def test_a_live_position_waits_for_its_result_or_for_five_minutes(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-05, COM-10, GEN-07"""
    first, second = await ended(store, samples, place)
    assert await unsettled(store, NOW + RECORD_WAIT - INSTANT) == []
    assert await unsettled(store, NOW + RECORD_WAIT) == [first.id]

    async with committed(store) as work:
        assert await work.results.missing(NOW + 2 * MINUTE, 10) == [first.id, second.id]
        assert await work.results.missing(NOW + 2 * MINUTE, 1) == [first.id]
        assert await work.results.missing(NOW + RECORD_WAIT, 10) == [second.id]
        await work.results.record({second.id: Decimal("1.00000001")}, NOW + 2 * MINUTE)
        await work.results.record({second.id: Decimal(9)}, NOW + 2 * MINUTE)
        await work.results.record({}, NOW)

    assert await unsettled(store, NOW + 2 * MINUTE) == [second.id]
    async with store() as work:
        assert await work.results.of([first.id, second.id]) == {second.id: Decimal("1.00000001")}
        assert await work.results.missing(NOW + 2 * MINUTE, 10) == [first.id]


async def test_a_rehearsed_position_waits_for_nothing(store: Store, samples: Samples) -> None:
    """rules: COM-01, COM-05"""
    place = await samples.place(store, Environment.TESTNET)
    first, second = await ended(store, samples, place)

    assert await unsettled(store, NOW + MINUTE) == [first.id, second.id]
    async with store() as work:
        assert await work.results.missing(NOW + MINUTE, 10) == []


async def settle(store: Store, position: Position, state: SettlementState, journal: JournalId | None = None) -> Settlement:
    settlement = Settlement(
        position.id,
        state,
        CHARGED,
        NOW,
        brl("1.00"),
        brl("0.00"),
        brl("1.00"),
        brl("0.00"),
        None,
        journal,
        Decimal("0.5"),
        True,
    )
    async with committed(store) as work:
        await work.trades.settle([settlement])
    return settlement


async def test_a_settlement_keeps_what_it_was_charged_on(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-05, COM-11"""
    first, _ = await ended(store, samples, place)

    settlement = await settle(store, first, SettlementState.SETTLED)

    async with store() as work:
        (found,) = await work.trades.settlements([first.id])
    assert (found, found.profit, found.computed) == (settlement, Decimal("0.5"), True)


async def test_only_a_settled_one_is_replaced(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-10, COM-14"""
    first, second = await ended(store, samples, place)
    settled = await settle(store, first, SettlementState.SETTLED)
    free = await settle(store, second, SettlementState.NOT_CHARGEABLE)

    async with committed(store) as work:
        for one in (settled, free):
            await work.trades.resettle(attrs.evolve(one, state=SettlementState.REVERSED))
        await work.trades.resettle(settled)

    async with store() as work:
        found = {one.position: one.state for one in await work.trades.settlements([first.id, second.id])}
    assert found == {first.id: SettlementState.REVERSED, second.id: SettlementState.NOT_CHARGEABLE}
    assert (await read(store, first.id)).position.settlement is SettlementState.REVERSED
    assert await unsettled(store, NOW + DAY) == []


async def test_charged_positions_are_found_by_their_close(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-15"""
    first, second = await ended(store, samples, place)
    await settle(store, first, SettlementState.SETTLED)
    await settle(store, second, SettlementState.NOT_CHARGEABLE)
    ids = sorted([first.id, second.id])

    async with committed(store) as work:
        assert await work.results.charged_since(NOW, None, 10) == ids
        assert await work.results.charged_since(NOW, None, 1) == ids[:1]
        assert await work.results.charged_since(NOW, ids[0], 10) == ids[1:]
        assert await work.results.charged_since(NOW + INSTANT, None, 10) == [second.id]
        await work.trades.resettle(Settlement(first.id, SettlementState.REVERSED, CHARGED, NOW))
        assert await work.results.charged_since(NOW, None, 10) == [second.id]


async def test_the_list_for_review_has_each_position_once_with_its_newest_report(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: COM-15"""
    first, second = await ended(store, samples, place)
    old = Review(first.id, Decimal("1.5"), Decimal("1.7"), NOW)
    new = Review(first.id, Decimal("1.5"), Decimal("1.8"), NOW + DAY)
    other = Review(second.id, Decimal("1.5"), Decimal("-1.7"), NOW + MINUTE)

    for reviews in ([old, other], [new], []):
        async with committed(store) as work:
            await work.results.list_for_review(reviews)

    async with store() as work:
        assert await work.results.reviews(10) == [new, other]
        assert await work.results.reviews(1) == [new]


async def test_debts_are_found_alone_and_page_by_page(store: Store, samples: Samples, place: Place) -> None:
    """rules: DBT-01, DBT-07"""
    member = place.member.id
    charges = [fee_of(samples, await holdings(store, member), brl(fee)) for fee in ("5.00", "7.00", "9.00")]
    await post(store, *charges)
    debts = sorted((debt for charge in charges for debt in charge.debts_opened), key=lambda debt: debt.id)
    await post(store, forgiveness("r1", debts[0], debts[0].amount, NOW, "admin"))

    async with store() as work:
        assert await work.books.open_debts(None, 10) == debts[1:]
        assert await work.books.open_debts(None, 1) == debts[1:2]
        assert await work.books.open_debts(debts[1].id, 10) == debts[2:]
        assert await work.books.debt(debts[0].id) == attrs.evolve(debts[0], remaining=brl("0.00"))
        assert await work.books.debt(DebtId(samples.ids.new())) is None


async def test_what_was_forgiven_is_told_from_what_was_paid(store: Store, samples: Samples, place: Place) -> None:
    """rules: DBT-06, COM-14"""
    member = place.member.id
    charges = [fee_of(samples, await holdings(store, member), brl(fee)) for fee in ("5.00", "7.00")]
    await post(store, *charges)
    first, second = (charge.debts_opened[0] for charge in charges)
    await post(store, forgiveness("r1", first, brl("1.00"), NOW, "admin"))
    left = attrs.evolve(first, remaining=brl("4.00"))
    await post(store, forgiveness("r2", left, brl("2.00"), NOW, "admin"))

    async with store() as work:
        assert await work.books.forgiven({first.id, second.id}) == {first.id: brl("3.00")}
        assert await work.books.forgiven({second.id}) == {}
        assert await work.books.forgiven(set()) == {}


async def test_postings_are_read_by_their_ids(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-11, LED-06"""
    posted = await post(store, *(recharge(f"pi_{number}", place.member.id, brl("1.00"), NOW) for number in range(3)))

    async with store() as work:
        found = await work.books.postings_of([posted[0].id, posted[2].id, JournalId(samples.ids.new())])
        assert {one.id for one in found} == {posted[0].id, posted[2].id}
        assert await work.books.postings_of([]) == []
