"""Whatever a venue tells again changes nothing, in any store: not a position, an order, an event or a task."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cbc_adapters.persistence.memory.store import MemoryStore
from cbc_adapters.persistence.postgres.unit_of_work import PostgresStore
from cbc_domain.application.trading.absorb import News, TradeKeeper
from cbc_domain.application.trading.desk import facts_of
from cbc_domain.kernel.events import Event
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import Report, ReportState
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.trading.model import Fill, Leg, Order, Ordered
from tests.promises.samples import NOW, SECOND, Samples, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW + 60 * SECOND


@st.composite
def stories(draw: st.DrawFn) -> Sequence[tuple[Leg, ReportState, int]]:
    """What a venue tells of an entry in up to three fills, and of the stop, target or exit that ends it, or of nothing more."""
    parts = draw(st.integers(1, 3))
    entry = [(Leg.ENTRY, ReportState.PARTIALLY_FILLED, count) for count in range(1, parts)]
    ending = draw(st.sampled_from([Leg.STOP, Leg.TARGET, None]))
    stands = [(leg, ReportState.LIVE, 0) for leg in (Leg.STOP, Leg.TARGET)]
    told = [*stands, *entry, (Leg.ENTRY, ReportState.FILLED, parts)]
    return [*told, *([(ending, ReportState.FILLED, 1)] if ending else [])]


@settings(max_examples=40)
@given(story=stories(), data=st.data())
async def test_any_prefix_told_again_changes_nothing_in_memory(
    story: Sequence[tuple[Leg, ReportState, int]], data: st.DataObject
) -> None:
    """rules: ORD-01, ORD-12, POS-01, POS-10, ARC-06"""
    samples = Samples()
    await tell(MemoryStore(samples.ids), samples, story, data)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=stories(), data=st.data())
async def test_any_prefix_told_again_changes_nothing_in_postgres(
    postgres: PostgresStore, samples: Samples, story: Sequence[tuple[Leg, ReportState, int]], data: st.DataObject
) -> None:
    """rules: ORD-01, ORD-12, POS-01, POS-10, ARC-06"""
    await tell(postgres, samples, story, data)


async def tell(store: Store, samples: Samples, story: Sequence[tuple[Leg, ReportState, int]], data: st.DataObject) -> None:
    """Tell a story as it happened, interrupted by a prefix of it, then everything again; then compare."""
    place = await samples.place(store)
    part = await samples.opened(store, place)
    reports = [report_of(part, place.account.id, *told) for told in story]
    cut = data.draw(st.integers(0, len(reports)))

    await keep(store, samples, part, reports[:cut])
    await keep(store, samples, part, reports[:cut])
    await keep(store, samples, part, reports[cut:])
    once = await seen(store, part)
    again = data.draw(st.lists(st.sampled_from(reports), max_size=6))
    await keep(store, samples, part, reports[:cut])
    for report in again:
        await keep(store, samples, part, [report])
    await keep(store, samples, part, reports)

    assert await seen(store, part) == once
    trade, events = once
    assert len({event.name for event in events}) == len(events)
    for order in trade.orders:
        assert order.filled == sum(count for leg, _, count in _last(story) if leg is order.leg) * Decimal("0.001")


def _last(story: Sequence[tuple[Leg, ReportState, int]]) -> Sequence[tuple[Leg, ReportState, int]]:
    return list({leg: (leg, state, count) for leg, state, count in story}.values())


def report_of(part: Ordered, account: AccountId, leg: Leg, state: ReportState, count: int) -> Report:
    (order,) = (one for one in part.orders if one.leg is leg)
    fills = tuple(_fill(order, number) for number in range(1, count + 1))
    return Report(account, order.client_id, f"v-{leg}", state, fills, NOW + (count + 1) * SECOND)


def _fill(order: Order, number: int) -> Fill:
    at = NOW + (number + (10 if order.reduces else 0)) * SECOND
    return Fill(f"{order.client_id}-{number}", order.client_id, Decimal("0.001"), Decimal(60000), Decimal("0.036"), at)


async def keep(store: Store, samples: Samples, part: Ordered, reports: Sequence[Report]) -> None:
    keeper = TradeKeeper(Still(), samples.ids)
    async with committed(store) as work:
        await keeper.keep(work, [News(part.position.id, facts_of(report)) for report in reports])


async def seen(store: Store, part: Ordered) -> tuple[Trade, Sequence[Event]]:
    async with store() as work:
        (trade,) = await work.trades.trades([part.position.id], lock=False)
        return trade, await work.outbox.about(part.position.id)
