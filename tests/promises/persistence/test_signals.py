"""What stores promise of signals."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest
import pytest_asyncio

from cbc_domain.kernel.errors import Invalid
from cbc_domain.kernel.ids import SignalId, StrategyId
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.signals.model import (
    Advised,
    Criteria,
    Scope,
    Signal,
    SignalKind,
    SignalStatus,
    Strategy,
)
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, SECOND, Samples, committed, digest

pytestmark = pytest.mark.asyncio(loop_scope="session")


HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(loop_scope="session")
async def strategy(store: Store, samples: Samples) -> Strategy:
    made = samples.strategy("house")
    async with committed(store) as work:
        await work.signals.add_strategy(made, samples.secret(made))
    return made


async def add(store: Store, signal: Signal) -> Signal:
    async with committed(store) as work:
        assert await work.signals.add(signal) is None
    return signal


async def test_a_signal_comes_back_as_it_was_stored(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-31, SIG-46"""
    signal = attrs.evolve(samples.signal(strategy), raw='{"note": "a\x00b", "price": 1.10}')

    async with committed(store) as work:
        assert await work.signals.add(signal) is None

    async with store() as work:
        assert await work.signals.signal(signal.id) == signal
        assert await work.signals.lock(signal.id) == signal
        assert await work.signals.signal(SignalId(samples.ids.new())) is None
        assert await work.signals.lock(SignalId(samples.ids.new())) is None


async def test_a_repeated_dedupe_key_answers_the_first_signal(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-30"""
    first = await add(store, samples.signal(strategy))
    repeat = attrs.evolve(samples.signal(strategy), dedupe_key=first.dedupe_key)

    async with committed(store) as work:
        answer = await work.signals.add(repeat)

    async with store() as work:
        assert await work.signals.signal(repeat.id) is None
    assert answer == first


async def test_of_sixteen_repeats_at_once_one_is_new(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-30"""
    repeats = [attrs.evolve(samples.signal(strategy), dedupe_key=digest("same")) for _ in range(16)]

    async def receive(signal: Signal) -> Signal | None:
        async with committed(store) as work:
            return await work.signals.add(signal)

    answers = await asyncio.gather(*(receive(signal) for signal in repeats))

    first = [answer for answer in answers if answer is not None]
    assert len(first) == 15
    assert len({answer.id for answer in first}) == 1


async def test_a_refused_alert_is_kept_and_is_no_signal(store: Store, strategy: Strategy) -> None:
    """rules: SIG-46"""
    async with committed(store) as work:
        await work.signals.add_refused(strategy.id, NOW, "signal_kind_unknown", '{"signal": "NOT LONG \x00"}')

    async with store() as work:
        page = await work.signals.page(None, 10, None, None)
    assert page.items == []


async def test_saving_writes_the_verdict_and_nothing_else(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-31, DEC-08"""
    signal = await add(store, samples.signal(strategy))
    verdict = attrs.evolve(
        signal,
        status=SignalStatus.PROCESSING,
        reason="criteria_not_met",
        decision=attrs.evolve(
            samples.decision(approved=False), criteria=Criteria(direction=True, rsi=False, history=True, pulse=False)
        ),
        reading=samples.reading(),
        decided_at=NOW + SECOND,
    )

    async with committed(store) as work:
        await work.signals.save(attrs.evolve(verdict, raw="{}", price=None))

    async with store() as work:
        assert await work.signals.signal(signal.id) == verdict


async def test_one_worker_decides_a_signal(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-31"""
    signal = await add(store, samples.signal(strategy))

    async def decide() -> bool:
        async with committed(store) as work:
            found = await work.signals.lock(signal.id)
            assert found is not None
            if found.status is not SignalStatus.PENDING:
                return False
            await work.signals.save(attrs.evolve(found, status=SignalStatus.PROCESSING))
            return True

    assert sorted(await asyncio.gather(*(decide() for _ in range(6)))) == [False] * 5 + [True]


async def test_signals_are_paged_newest_first(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: API-03"""
    stored = [await add(store, samples.signal(strategy)) for _ in range(5)]

    async with store() as work:
        first = await work.signals.page(None, 2, None, None)
        second = await work.signals.page(first.next_cursor, 2, None, None)
        third = await work.signals.page(second.next_cursor, 2, None, None)

    assert [*first.items, *second.items, *third.items] == stored[::-1]
    assert third.next_cursor is None


async def test_a_full_last_page_has_no_next(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: API-03"""
    for _ in range(2):
        await add(store, samples.signal(strategy))

    async with store() as work:
        page = await work.signals.page(None, 2, None, None)

    assert page.next_cursor is None


async def test_signals_are_filtered_by_symbol_and_kind(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: API-03"""
    kinds = (SignalKind.OPEN_LONG_STRONG, SignalKind.CLOSE_LONG)
    stored = [await add(store, samples.signal(strategy, kind, symbol=symbol)) for kind in kinds for symbol in (BTC, ETH)]

    async with store() as work:
        of_coin = await work.signals.page(None, 10, BTC, None)
        of_kind = await work.signals.page(None, 10, None, SignalKind.CLOSE_LONG)
        of_both = await work.signals.page(None, 10, BTC, SignalKind.CLOSE_LONG)
        cut = await work.signals.page(None, 1, BTC, None)
        rest = await work.signals.page(cut.next_cursor, 1, BTC, None)

    assert of_coin.items == [stored[2], stored[0]]
    assert of_kind.items == [stored[3], stored[2]]
    assert of_both.items == [stored[2]]
    assert [*cut.items, *rest.items] == [stored[2], stored[0]]


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "🙂", "1" * 200])
async def test_a_cursor_that_is_none_is_refused(store: Store, strategy: Strategy, cursor: str) -> None:
    """rules: API-03, GEN-09"""
    async with store() as work:
        with pytest.raises(Invalid) as refused:
            await work.signals.page(cursor, 10, None, None)

    assert refused.value.code == "validation_error"


@pytest.mark.parametrize(
    ("status", "running"),
    [
        (SignalStatus.PENDING, True),
        (SignalStatus.PROCESSING, True),
        (SignalStatus.PROCESSED, False),
        (SignalStatus.EXPIRED, False),
        (SignalStatus.REJECTED, False),
    ],
)
async def test_an_open_runs_until_it_is_processed(
    store: Store, samples: Samples, strategy: Strategy, status: SignalStatus, running: bool
) -> None:
    """rules: SIG-30"""
    signal = await add(store, samples.signal(strategy, status=status))

    async with store() as work:
        assert await work.signals.running_open(strategy.id, BTC, Side.LONG) == (signal.id if running else None)


async def test_only_an_open_of_that_strategy_coin_and_side_runs(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-30"""
    await add(store, samples.signal(strategy, SignalKind.CLOSE_LONG))
    await add(store, samples.signal(strategy, SignalKind.OPEN_SHORT_STRONG, Side.SHORT))
    await add(store, samples.signal(strategy, symbol=ETH))

    async with store() as work:
        assert await work.signals.running_open(strategy.id, BTC, Side.LONG) is None
        assert await work.signals.running_open(StrategyId(samples.ids.new()), ETH, Side.LONG) is None
        assert await work.signals.running_open(strategy.id, ETH, Side.LONG) is not None


async def test_closes_of_an_open_are_those_of_its_coin_and_side_that_came_after_it(
    store: Store, samples: Samples, strategy: Strategy
) -> None:
    """rules: POS-04"""
    other = samples.strategy()
    async with committed(store) as work:
        await work.signals.add_strategy(other, samples.secret(other))

    def close(kind: SignalKind, after: timedelta = SECOND, symbol: Symbol = BTC, of: Strategy = strategy) -> Signal:
        return samples.signal(of, kind, Side.LONG, symbol, NOW + after)

    await add(store, close(SignalKind.CLOSE_LONG, timedelta(0)))
    opened = await add(store, samples.signal(strategy))
    of_all = attrs.evolve(close(SignalKind.CLOSE_ALL, 3 * SECOND), scope=Scope.STRATEGY, symbol=None, side=None)
    reaching = [
        await add(store, close(SignalKind.CLOSE_LONG, timedelta(0))),
        await add(store, close(SignalKind.CLOSE_ALL, SECOND)),
        await add(store, of_all),
    ]
    await add(store, close(SignalKind.CLOSE_SHORT))
    await add(store, close(SignalKind.CLOSE_LONG, symbol=ETH))
    await add(store, close(SignalKind.CLOSE_LONG, of=other))
    await add(store, close(SignalKind.OPEN_LONG_STRONG))
    await add(store, close(SignalKind.CLOSE_LONG, -SECOND))

    async with store() as work:
        assert [one.id for one in await work.signals.closes_after(opened)] == [one.id for one in reaching]


def decided(samples: Samples, signal: Signal, *, approved: bool, after: timedelta = SECOND) -> Signal:
    return attrs.evolve(
        signal,
        status=SignalStatus.PROCESSED,
        decision=samples.decision(approved=approved),
        decided_at=signal.received_at + after,
    )


def short(samples: Samples, strategy: Strategy, received_at: datetime, symbol: Symbol = BTC) -> Signal:
    return samples.signal(strategy, SignalKind.OPEN_SHORT_STRONG, Side.SHORT, symbol, received_at)


async def test_an_approved_open_of_the_other_side_is_remembered(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: DEC-01"""
    await add(store, decided(samples, short(samples, strategy, NOW - HOUR), approved=True))
    now = await add(store, samples.signal(strategy))

    async with store() as work:
        assert await work.signals.opposite_open_approved(now, NOW - HOUR + SECOND)
        assert not await work.signals.opposite_open_approved(now, NOW - HOUR + 2 * SECOND)


async def test_a_refused_one_the_same_side_another_coin_and_closes_do_not_count(
    store: Store, samples: Samples, strategy: Strategy
) -> None:
    """rules: DEC-01"""
    close = samples.signal(strategy, SignalKind.CLOSE_SHORT, Side.SHORT, received_at=NOW - MINUTE)
    await add(store, decided(samples, short(samples, strategy, NOW - HOUR), approved=False))
    await add(store, decided(samples, short(samples, strategy, NOW - HOUR, ETH), approved=True))
    await add(store, decided(samples, samples.signal(strategy, received_at=NOW - HOUR), approved=True))
    await add(store, decided(samples, close, approved=True))
    now = await add(store, samples.signal(strategy))

    async with store() as work:
        assert not await work.signals.opposite_open_approved(now, NOW - DAY)


async def test_a_later_open_does_not_count(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: DEC-01"""
    now = await add(store, samples.signal(strategy))
    await add(store, decided(samples, short(samples, strategy, NOW + SECOND), approved=True))

    async with store() as work:
        assert not await work.signals.opposite_open_approved(now, NOW - DAY)


@pytest.mark.parametrize(("between", "remembered"), [(9, True), (10, False)])
async def test_only_the_last_ten_opens_of_the_coin_count(
    store: Store, samples: Samples, strategy: Strategy, between: int, remembered: bool
) -> None:
    """rules: DEC-01"""
    await add(store, decided(samples, short(samples, strategy, NOW - HOUR), approved=True))
    for number in range(between):
        earlier = samples.signal(strategy, received_at=NOW - MINUTE + number * SECOND)
        await add(store, decided(samples, earlier, approved=False))
    now = await add(store, samples.signal(strategy))

    async with store() as work:
        assert await work.signals.opposite_open_approved(now, NOW - DAY) == remembered


async def test_what_a_trusted_strategy_advised_comes_back(store: Store, samples: Samples, strategy: Strategy) -> None:
    """rules: SIG-15, SIG-31"""
    advised = Advised(3, Decimal("59000.5"), (Decimal(61000), Decimal("62000.25")), NOW + SECOND)
    signal = await add(store, attrs.evolve(samples.signal(strategy), advised=advised))

    async with store() as work:
        assert await work.signals.signal(signal.id) == signal


async def test_bodies_of_what_was_refused_are_emptied_and_everything_else_stays(
    store: Store, samples: Samples, strategy: Strategy
) -> None:
    """rules: SIG-33"""
    before, old = NOW - 7 * DAY, NOW - 7 * DAY - SECOND
    rejected = await add(store, samples.signal(strategy, received_at=old, status=SignalStatus.REJECTED))
    in_time = await add(store, samples.signal(strategy, received_at=before, status=SignalStatus.REJECTED))
    traded = await add(store, samples.signal(strategy, received_at=NOW - 5 * 365 * DAY, status=SignalStatus.PROCESSED))
    async with committed(store) as work:
        await work.signals.add_refused(strategy.id, old, "signal_malformed", "body")
        await work.signals.add_refused(strategy.id, before, "signal_malformed", "body")

    async with committed(store) as work:
        emptied = await work.signals.forget_bodies(before)
    async with committed(store) as work:
        again = await work.signals.forget_bodies(before)

    async with store() as work:
        assert await work.signals.signal(rejected.id) == attrs.evolve(rejected, raw="")
        assert await work.signals.signal(in_time.id) == in_time
        assert await work.signals.signal(traded.id) == traded
    assert (emptied, again) == (2, 0)
