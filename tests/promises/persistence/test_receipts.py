"""Receipts: everything stored of a member's part comes back with its times, page by page."""

from collections.abc import Sequence

import attrs
import pytest

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import OrderId, PositionId, SignalId
from cbc_domain.kernel.venues import Environment, Side
from cbc_domain.ledger.model import AccountKind
from cbc_domain.ledger.postings import commission, recharge
from cbc_domain.ledger.spending import Spent
from cbc_domain.ports.persistence.receipts import Standing
from cbc_domain.ports.persistence.trades import Settlement, Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.risk.model import LiveGate, Reason
from cbc_domain.signals.model import Scope, Signal, SignalKind
from cbc_domain.trading.facts import Facts, Source, Verdict
from cbc_domain.trading.model import Leg, OrderState, PositionState, Setback, TaskAction
from tests.promises.persistence.trade_acts import save
from tests.promises.samples import MINUTE, NOW, SECOND, Place, Samples, brl, closed, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def parts(store: Store, signal: Signal, limit: int = 200) -> Sequence[Facts]:
    async with store() as work:
        return (await work.receipts.page(signal, None, limit)).items


async def test_a_refusal_comes_back_with_all_reasons_and_its_time(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-04"""
    skipped = samples.skipped(place.member, place.signal, Reason.TRADING_DISABLED, Reason.COIN_BLOCKED)
    refused = attrs.evolve(skipped, failing_gates=(LiveGate.TWO_FACTOR_REQUIRED,))
    async with committed(store) as work:
        await work.planning.record([], [refused], NOW + SECOND)

    verdict = Verdict(
        NOW + SECOND,
        Environment.LIVE,
        (Reason.TRADING_DISABLED, Reason.COIN_BLOCKED),
        (LiveGate.TWO_FACTOR_REQUIRED,),
    )
    assert list(await parts(store, place.signal)) == [Facts(place.member.id, verdict)]


async def test_a_trade_comes_back_with_orders_tasks_setbacks_and_who_paid(store: Store, samples: Samples, place: Place) -> None:
    """rules: COM-11, ORD-04, ORD-07"""
    part = samples.ordered(samples.position(place))
    entry = part.orders[0]
    lost, put_off = Setback(entry.client_id, NOW + 2 * SECOND, "lost"), Setback(entry.client_id, NOW + SECOND, "RATE_LIMIT")
    position = closed(part.position, NOW + MINUTE)
    spent = Spent(brl("5.00"), (), (brl("3.00"),), None, brl("2.00"))
    charged = commission(position.id, place.member.id, spent, brl("5.00"), None, None, NOW + MINUTE)
    async with committed(store) as work:
        await work.planning.record([part], [], NOW)
        await work.receipts.note([lost, put_off, Setback("nobody's", NOW, "lost")])
        await work.receipts.note([lost])
        await work.books.post([recharge("pi_1", place.member.id, brl("3.00"), NOW)], NOW)
        [posting] = await work.books.post([charged], NOW + MINUTE)
    await save(store, position)
    bill = Settlement(
        position.id,
        SettlementState.SETTLED,
        SettlementReason.CHARGED,
        NOW + MINUTE,
        commission=brl("5.00"),
        affiliate=brl("0.00"),
        company=brl("5.00"),
        debt=brl("2.00"),
        journal=posting.id,
    )
    async with committed(store) as work:
        await work.trades.settle([bill])

    [facts] = await parts(store, place.signal)

    assert facts == Facts(
        member=place.member.id,
        verdict=Verdict(NOW, Environment.LIVE),
        position=attrs.evolve(position, settlement=SettlementState.SETTLED),
        orders=part.orders,
        tasks=(part.task,),
        setbacks=(put_off, lost),
        settlement=bill,
        sources=(Source(AccountKind.MEMBER_REAL, brl("3.00")), Source(AccountKind.MEMBER_DEBT, brl("2.00"))),
    )
    async with store() as work:
        assert list(await work.receipts.of_positions([position.id, PositionId(samples.ids.new())])) == [facts]
        assert list(await work.receipts.of_member(place.signal, place.member.id)) == [facts]


async def test_when_an_order_ended_is_kept(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-01, ORD-14"""
    part = samples.ordered(samples.position(place))
    ended = attrs.evolve(part.orders[0], state=OrderState.REJECTED, sent_at=NOW, error_code="FILTER", ended_at=NOW + SECOND)
    async with committed(store) as work:
        await work.planning.record([part], [], NOW)
        await work.trades.save([Trade(part.position, (ended, *part.orders[1:]))], [])

    [facts] = await parts(store, place.signal)

    assert ended in facts.orders


async def test_parts_come_newest_member_first_a_page_at_a_time(store: Store, samples: Samples, place: Place) -> None:
    """rules: API-03"""
    places = [place, *[await samples.neighbour(store, place) for _ in range(4)]]
    ordered = [samples.ordered(samples.position(one)) for one in places[::2]]
    skipped = [samples.skipped(one.member, place.signal) for one in places[1::2]]
    async with committed(store) as work:
        await work.planning.record(ordered, skipped, NOW)
    seen: list[Facts] = []
    cursor: str | None = None

    for _ in range(3):
        async with store() as work:
            page = await work.receipts.page(place.signal, cursor, 2)
        seen += page.items
        cursor = page.next_cursor

    assert cursor is None
    assert [facts.member for facts in seen] == [one.member.id for one in reversed(places)]
    assert [facts.position is not None for facts in seen] == [True, False, True, False, True]
    async with store() as work:
        with pytest.raises(Invalid):
            await work.receipts.page(place.signal, "no cursor", 2)


async def test_parts_of_a_close_are_the_positions_it_reached(store: Store, samples: Samples, place: Place) -> None:
    """rules: SIG-22, POS-04"""
    close = attrs.evolve(samples.signal(place.strategy, SignalKind.CLOSE_LONG, Side.LONG), scope=Scope.SYMBOL)
    other = await samples.neighbour(store, place)
    own, theirs = [await samples.opened(store, one) for one in (place, other)]
    closing = [samples.task(part.position, TaskAction.CLOSE, 1000, signal=close) for part in (own, theirs)]
    exits = [samples.order(part.position, Leg.EXIT) for part in (own, theirs)]
    async with committed(store) as work:
        await work.signals.add(close)
        await work.lane.add(closing, exits)

    found = await parts(store, close)

    assert [(facts.member, facts.verdict) for facts in found] == [(other.member.id, None), (place.member.id, None)]
    assert [task.action for task in found[1].tasks] == [TaskAction.OPEN, TaskAction.CLOSE]
    assert exits[0] in found[1].orders
    async with store() as work:
        page = await work.receipts.page(close, None, 1)
        rest = await work.receipts.page(close, page.next_cursor, 1)
        mine = await work.receipts.of_member(close, place.member.id)
        standings = list(await work.receipts.standings(close))
    assert [*page.items, *rest.items] == list(found)
    assert list(mine) == [found[1]]
    assert standings == [Standing(None, PositionState.OPENING, SettlementState.UNSETTLED, 2)]


async def test_parts_are_counted_by_how_they_stand(store: Store, samples: Samples, place: Place) -> None:
    """rules: ELG-04"""
    places = [place, *[await samples.neighbour(store, place) for _ in range(3)]]
    part = samples.ordered(samples.position(place))
    skipped = [
        samples.skipped(places[1].member, place.signal, Reason.COIN_BLOCKED, Reason.POSITION_LIMIT),
        samples.skipped(places[2].member, place.signal, Reason.COIN_BLOCKED),
        samples.skipped(places[3].member, place.signal, Reason.TRADING_DISABLED),
    ]
    async with committed(store) as work:
        await work.planning.record([part], skipped, NOW)

    async with store() as work:
        standings = list(await work.receipts.standings(place.signal))

    assert standings == [
        Standing("coin_blocked", None, None, 2),
        Standing(None, PositionState.OPENING, SettlementState.UNSETTLED, 1),
        Standing("trading_disabled", None, None, 1),
    ]


async def test_what_is_not_there_has_no_parts(store: Store, samples: Samples, place: Place) -> None:
    part = await samples.opened(store, place)
    nobody = attrs.evolve(place.signal, id=SignalId(samples.ids.new()))

    async with store() as work:
        assert list((await work.receipts.page(nobody, None, 5)).items) == []
        assert list(await work.receipts.of_member(nobody, place.member.id)) == []
        assert list(await work.receipts.standings(nobody)) == []
        assert list(await work.receipts.of_positions([])) == []
        assert await work.receipts.position_of(part.orders[0].id) == part.position.id
        assert await work.receipts.position_of(OrderId(samples.ids.new())) is None


async def test_setbacks_of_a_unit_that_is_undone_are_forgotten(store: Store, samples: Samples, place: Place) -> None:
    """rules: ARC-06"""
    part = samples.ordered(samples.position(place))
    async with committed(store) as work:
        await work.planning.record([part], [], NOW)

    async with store() as work:
        await work.receipts.note([Setback(part.orders[0].client_id, NOW, "lost")])

    [facts] = await parts(store, place.signal)
    assert facts.setbacks == ()
