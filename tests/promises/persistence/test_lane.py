"""What stores promise of the order lane: its order, its leases, and one worker to an account."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
import pytest

from cbc_domain.kernel.ids import TaskId
from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.persistence.work import Backlog, Claim, Hold
from cbc_domain.trading.model import Leg, Ordered, OrderState, Task, TaskAction, TaskState
from cbc_domain.trading.orders import Acknowledged, apply
from cbc_domain.trading.priority import BACKGROUND, CRITICAL, HIGH, HIGH_PREPAID, LOW, MEDIUM, order_key
from tests.promises.persistence.conftest import Workers
from tests.promises.samples import BTC, DAY, ETH, MINUTE, NOW, SECOND, Place, Samples, closed, committed

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEASE = 30 * SECOND
INSTANT = timedelta(microseconds=1)


async def claim(store: Store, now: datetime = NOW, most: int = 10, *, rehearsal_first: bool = False) -> list[Claim]:
    async with committed(store) as work:
        return list(await work.lane.claim(now, LEASE, most, rehearsal_first=rehearsal_first))


def ids(claims: Sequence[Claim]) -> list[TaskId]:
    return [one.task.id for one in claims]


async def waiting(
    store: Store, samples: Samples, place: Place, base: int, since: datetime = NOW, environment: Environment = Environment.LIVE
) -> Task:
    """The open of another member, waiting."""
    neighbour = await samples.neighbour(store, place, environment)
    return (await samples.opened(store, neighbour, created_at=since, base=base)).task


async def test_a_claimed_task_is_leased_and_its_attempt_is_counted(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-06, ORD-01"""
    part = await samples.opened(store, place)

    [taken] = await claim(store)

    assert taken.task == attrs.evolve(part.task, state=TaskState.LEASED, attempts=1, lease_until=NOW + LEASE)
    assert taken.trade.position == part.position
    assert [order.id for order in taken.trade.orders] == [order.id for order in part.orders]


async def test_claiming_an_open_marks_its_entry_and_no_other_leg_as_sent(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-02, ORD-04"""
    part = await samples.opened(store, place)

    await claim(store, NOW + SECOND)

    async with store() as work:
        [trade] = await work.trades.trades([part.position.id], lock=False)
    sent = attrs.evolve(part.orders[0], state=OrderState.SUBMITTED, sent_at=NOW + SECOND, attempts=1)
    assert trade == Trade(part.position, (sent, *part.orders[1:]))


async def test_claiming_a_close_marks_its_exit_as_sent(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-02, ORD-11"""
    part = await samples.opened(store, place)
    [opening] = await claim(store)
    leaving, exit_order = samples.task(part.position, TaskAction.CLOSE, CRITICAL), samples.order(part.position, Leg.EXIT)
    async with committed(store) as work:
        await work.lane.finish([opening.hold])
        await work.lane.add([leaving], [exit_order])

    [taken] = await claim(store)

    states = {order.leg: order.state for order in taken.trade.orders}
    async with store() as work:
        [stored] = await work.trades.trades([part.position.id], lock=False)
    assert taken.task.id == leaving.id
    assert states[Leg.STOP] is states[Leg.TARGET] is OrderState.CREATED
    assert {order.leg: order.state for order in stored.orders}[Leg.EXIT] is OrderState.SUBMITTED


async def test_a_second_claim_leaves_the_first_sending_as_it_is(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-04, PRI-06"""
    part = await samples.opened(store, place)
    await claim(store)

    [again] = await claim(store, NOW + LEASE)

    assert again.task.attempts == 2
    assert again.trade.orders[0].sent_at == NOW
    assert again.trade.orders[0].id == part.orders[0].id


async def test_no_open_is_begun_on_an_account_whose_opens_are_put_off(store: Store, samples: Samples, place: Place) -> None:
    """rules: POS-11, ORD-10

    In seed 6 of the campaign at the venues a stop was refused; before its second try another open took the account for 3 s.
    """
    begun = await samples.opened(store, place)
    [first] = await claim(store)
    fresh = await samples.opened(store, place, symbol=ETH)
    elsewhere = await waiting(store, samples, place, HIGH)
    until = NOW + 2 * SECOND
    async with committed(store) as work:
        await work.lane.retry({first.hold: NOW + SECOND})
        await work.lane.put_off_opens([begun.position.account], until)
        await work.lane.put_off_opens([], until + MINUTE)

    assert ids(await claim(store, NOW)) == [elsewhere.id]
    [again] = await claim(store, NOW + SECOND)
    assert again.task.id == begun.task.id
    async with committed(store) as work:
        await work.lane.finish([again.hold])
    assert await claim(store, until - INSTANT) == []
    assert ids(await claim(store, until)) == [fresh.task.id]


async def test_a_close_is_begun_though_opens_are_put_off(store: Store, samples: Samples, place: Place) -> None:
    """rules: POS-11, PRI-02"""
    part = await samples.opened(store, place)
    [opening] = await claim(store)
    leaving = samples.task(part.position, TaskAction.CLOSE, CRITICAL)
    async with committed(store) as work:
        await work.lane.finish([opening.hold])
        await work.lane.add([leaving])
        await work.lane.put_off_opens([part.position.account], NOW + MINUTE)

    assert ids(await claim(store)) == [leaving.id]


async def test_tasks_are_taken_in_the_order_of_the_rule(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-01, PRI-02, PRI-03"""
    now = NOW + 55 * SECOND
    tasks = [
        await waiting(store, samples, place, base, NOW + waited * SECOND)
        for base in (HIGH, HIGH_PREPAID, MEDIUM, BACKGROUND)
        for waited in (0, 5, 6, 54)
    ]
    tasks += [await waiting(store, samples, place, LOW, NOW, Environment.TESTNET) for _ in range(3)]

    claims = await claim(store, now, 30)

    assert ids(claims) == [task.id for task in sorted(tasks, key=lambda task: order_key(task, now))]


async def test_the_same_tasks_are_taken_in_the_same_order_however_many_at_once(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: PRI-03"""
    tasks = [await waiting(store, samples, place, HIGH) for _ in range(7)]

    taken = [ids(await claim(store, NOW, 3)) for _ in range(3)]

    expected = [task.id for task in sorted(tasks, key=lambda task: order_key(task, NOW))]
    assert taken == [expected[:3], expected[3:6], expected[6:]]


async def test_a_rehearsal_slot_takes_what_is_critical_then_testnet_then_the_rest(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: PRI-04"""
    live = await waiting(store, samples, place, HIGH)
    testnet = await waiting(store, samples, place, LOW, NOW, Environment.TESTNET)
    paper = await waiting(store, samples, place, LOW, NOW - 5 * SECOND, Environment.PAPER)
    part = await samples.opened(store, await samples.neighbour(store, place))
    critical = samples.task(part.position, TaskAction.PROTECT, CRITICAL, NOW)
    async with committed(store) as work:
        await work.lane.finish([Hold(part.task.id, 0)])
        await work.lane.add([critical])

    claims = await claim(store, NOW, rehearsal_first=True)

    assert ids(claims) == [critical.id, paper.id, testnet.id, live.id]


async def test_what_is_not_due_yet_waits(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-05"""
    task = await waiting(store, samples, place, HIGH, NOW + SECOND)

    assert await claim(store, NOW) == []
    assert ids(await claim(store, NOW + SECOND)) == [task.id]


async def test_a_leased_task_is_taken_again_when_its_lease_has_ended(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-06"""
    part = await samples.opened(store, place)
    await claim(store)

    early = await claim(store, NOW + LEASE - SECOND)
    [late] = await claim(store, NOW + LEASE)

    assert early == []
    assert (late.task.id, late.task.attempts, late.task.lease_until) == (part.task.id, 2, NOW + 2 * LEASE)


async def test_one_account_is_worked_on_by_one_worker(store: Store, samples: Samples, place: Place) -> None:
    """rules: ARC-04"""
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH)]

    [first] = await claim(store)
    nothing = await claim(store)
    async with committed(store) as work:
        await work.lane.finish([first.hold])
    [second] = await claim(store)

    assert nothing == []
    assert {first.task.id, second.task.id} == {part.task.id for part in parts}


@pytest.mark.parametrize("end", ["finish", "bury", "retry", "lease ends"])
async def test_an_account_is_free_again_whatever_became_of_its_task(
    store: Store, samples: Samples, place: Place, end: str
) -> None:
    """rules: ARC-04, PRI-05"""
    parts = [await samples.opened(store, place, symbol) for symbol in (BTC, ETH)]
    [first] = await claim(store)
    async with committed(store) as work:
        match end:
            case "finish":
                await work.lane.finish([first.hold])
            case "bury":
                await work.lane.bury({first.hold: "exchange_error"})
            case "retry":
                await work.lane.retry({first.hold: NOW + DAY})
            case _:
                pass

    again = await claim(store, NOW + LEASE if end == "lease ends" else NOW)

    assert len(again) == 1
    if end != "lease ends":
        assert {first.task.id, again[0].task.id} == {part.task.id for part in parts}


async def test_workers_at_once_never_share_a_task_or_an_account(store: Store, samples: Samples, place: Place) -> None:
    """rules: ARC-04, PRI-01"""
    parts: list[Ordered] = []
    for _ in range(4):
        neighbour = await samples.neighbour(store, place)
        parts += [await samples.opened(store, neighbour, symbol) for symbol in (BTC, ETH)]

    taken = [one for part in await asyncio.gather(*(claim(store, NOW, 2) for _ in range(6))) for one in part]

    assert len({one.task.account for one in taken}) == len(taken) == 4


async def test_a_claim_in_an_undone_unit_is_none(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-06"""
    part = await samples.opened(store, place)
    async with store() as work:
        await work.lane.claim(NOW, LEASE, 10, rehearsal_first=False)

    [taken] = await claim(store)

    assert (taken.task.id, taken.task.attempts) == (part.task.id, 1)


async def test_a_retried_task_waits_until_its_instant_and_keeps_its_age(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-02, PRI-05"""
    part = await samples.opened(store, place)
    await claim(store)
    async with committed(store) as work:
        await work.lane.retry({Hold(part.task.id, 1): NOW + 2 * SECOND})

    early = await claim(store, NOW + SECOND)
    [late] = await claim(store, NOW + 2 * SECOND)

    assert early == []
    assert (late.task.attempts, late.task.waiting_since) == (2, NOW)


@pytest.mark.parametrize("dead", [False, True])
async def test_a_finished_or_dead_task_never_comes_back(store: Store, samples: Samples, place: Place, dead: bool) -> None:
    """rules: PRI-05"""
    part = await samples.opened(store, place)
    await claim(store)
    async with committed(store) as work:
        await (work.lane.bury({Hold(part.task.id, 1): "window_expired"}) if dead else work.lane.finish([Hold(part.task.id, 1)]))

    assert await claim(store, NOW + DAY) == []
    async with store() as work:
        assert await work.lane.backlog(NOW + DAY) == Backlog(0, 0, None)


async def test_nothing_to_finish_bury_or_retry_is_no_mistake(store: Store) -> None:
    async with committed(store) as work:
        await work.lane.add([])
        await work.lane.finish([])
        await work.lane.bury({})
        await work.lane.retry({})

        assert await work.lane.claim(NOW, LEASE, 10, rehearsal_first=False) == []


async def test_a_close_is_planned_once_for_a_signal(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-01, SIG-22"""
    part = await samples.opened(store, place)
    [opening] = await claim(store)
    closes = [samples.task(part.position, TaskAction.CLOSE, CRITICAL, signal=place.signal) for _ in range(2)]
    exits = [samples.order(part.position, Leg.EXIT, seq) for seq in (0, 1)]
    async with committed(store) as work:
        await work.lane.finish([opening.hold])
        await work.lane.add(closes[:1], exits[:1])

    async with committed(store) as work:
        await work.lane.add(closes[1:], exits[:1])

    assert ids(await claim(store)) == [closes[0].id]
    async with committed(store) as work:
        await work.lane.finish([Hold(closes[0].id, 1)])
        await work.lane.add(closes[1:], exits[:1])
    assert await claim(store) == []
    async with store() as work:
        [trade] = await work.trades.trades([part.position.id], lock=False)
    assert [order.id for order in trade.orders if order.leg is Leg.EXIT] == [exits[0].id]


async def test_a_close_without_a_signal_is_planned_once(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-01, POS-05"""
    part = await samples.opened(store, place)
    [opening] = await claim(store)
    closes = [samples.task(part.position, TaskAction.CLOSE, CRITICAL) for _ in range(2)]
    for close in closes:
        async with committed(store) as work:
            await work.lane.finish([opening.hold])
            await work.lane.add([close], [samples.order(part.position, Leg.EXIT)])

    assert ids(await claim(store)) == [closes[0].id]


async def test_a_close_without_a_signal_can_be_asked_for_again_once_the_first_is_over(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: POS-05, POS-06, PRI-05"""
    part = await samples.opened(store, place)

    [opening] = await claim(store)
    closes = [samples.task(part.position, TaskAction.CLOSE, CRITICAL) for _ in range(2)]
    async with committed(store) as work:
        await work.lane.finish([opening.hold])
        await work.lane.add(closes[:1])
    [first] = await claim(store)
    async with committed(store) as work:
        await work.lane.bury({first.hold: "by staff"})
        await work.lane.add(closes[1:])

    assert ids(await claim(store)) == [closes[1].id]


async def test_protection_is_looked_after_again_once_the_last_look_is_over(
    store: Store, samples: Samples, place: Place
) -> None:
    """rules: POS-10, PRI-01"""
    part = await samples.opened(store, place)
    await claim(store)
    looks = [samples.task(part.position, TaskAction.PROTECT, CRITICAL) for _ in range(3)]
    async with committed(store) as work:
        await work.lane.finish([Hold(part.task.id, 1)])
        await work.lane.add(looks[:1])
        await work.lane.add(looks[1:2])

    first = await claim(store)
    async with committed(store) as work:
        await work.lane.finish([Hold(looks[0].id, 1)])
        await work.lane.add(looks[2:])
    second = await claim(store)

    assert [ids(first), ids(second)] == [[looks[0].id], [looks[2].id]]


async def test_the_backlog_counts_what_is_due_and_what_is_due_later(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-08"""
    for number in range(3):
        await waiting(store, samples, place, HIGH, NOW - number * SECOND)
    await waiting(store, samples, place, HIGH, NOW + MINUTE)

    async with store() as work:
        assert await work.lane.backlog(NOW) == Backlog(due=3, later=1, oldest_s=2)
    [taken] = await claim(store, NOW, 1)
    async with store() as work:
        assert (await work.lane.backlog(NOW)).due == 2
        assert (await work.lane.backlog(NOW + LEASE)).due == 3
    assert taken.task.state is TaskState.LEASED


async def test_a_task_of_a_finished_position_is_still_claimed(store: Store, samples: Samples, place: Place) -> None:
    """rules: ORD-11"""
    part = await samples.opened(store, place, Symbol("SOLUSDT"))
    ended = closed(part.position, NOW)
    async with committed(store) as work:
        await work.trades.save([Trade(ended, part.orders)], [])

    [taken] = await claim(store)

    assert taken.trade.position == ended


async def test_a_worker_that_was_overtaken_ends_nothing(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-06, ARC-04"""
    part = await samples.opened(store, place)
    [slow] = await claim(store)
    [quick] = await claim(store, NOW + LEASE)

    async with committed(store) as work:
        held = await work.lane.held([slow.hold, quick.hold])
        await work.lane.finish([slow.hold])
        await work.lane.bury({slow.hold: "window_expired"})
        await work.lane.retry({slow.hold: NOW})

    assert held == {quick.hold}
    assert (quick.task.id, await claim(store, NOW + LEASE)) == (part.task.id, [])
    async with store() as work:
        assert await work.lane.backlog(NOW + 2 * LEASE) == Backlog(1, 0, 60)


async def test_a_hold_outlives_a_lease_that_nobody_took_over(store: Store, samples: Samples, place: Place) -> None:
    """rules: PRI-06"""
    await samples.opened(store, place)
    [slow] = await claim(store)

    async with committed(store) as work:
        held = await work.lane.held([slow.hold])
        await work.lane.finish([slow.hold])

    assert held == {slow.hold}
    assert await claim(store, NOW + DAY) == []


async def test_the_death_of_a_worker_frees_its_tasks_and_accounts_at_once(
    store: Store, workers: Workers, samples: Samples, place: Place
) -> None:
    """rules: PRI-06, ARC-04"""
    for symbol in (BTC, ETH):
        await samples.opened(store, place, symbol)
    doomed, survivor = await workers.begin(1), await workers.begin(2)
    [lost] = await claim(doomed)
    early = await claim(survivor)

    await workers.end(1)
    [taken] = await claim(survivor, NOW)
    async with committed(doomed) as work:
        await work.lane.finish([lost.hold])
    blocked = await claim(survivor, NOW)

    assert early == blocked == []
    assert taken.task.account == lost.task.account
    assert (taken.task.id != lost.task.id) or taken.task.attempts == 2


async def test_whoever_has_an_account_closes_and_protects_its_other_positions_beside(
    store: Store, workers: Workers, samples: Samples, place: Place
) -> None:
    """rules: ARC-04, POS-11, PRI-02

    In seed 6 of the campaign at the venues an exit waited for 2 s, because another position's old target was being cancelled.
    """
    opening, held = await samples.opened(store, place), await samples.opened(store, place, ETH)
    busy, idle = await workers.begin(1), await workers.begin(2)
    [first] = await claim(busy, most=1)
    late, leaving = (held, opening) if first.task.position == opening.position.id else (opening, held)
    same = samples.task(leaving.position, TaskAction.CLOSE, CRITICAL)
    other = samples.task(late.position, TaskAction.CLOSE, CRITICAL)
    async with committed(store) as work:
        await work.lane.add([same, other])

    assert await claim(idle) == []
    [beside] = await claim(busy)
    assert beside.task.id == other.id
    assert await claim(busy) == []
    async with committed(busy) as work:
        await work.lane.finish([beside.hold])
    assert await claim(idle) == []
    async with committed(busy) as work:
        await work.lane.finish([first.hold])
    assert ids(await claim(idle)) == [same.id]


async def test_an_open_whose_entry_the_venue_took_goes_beside_and_any_other_waits(
    store: Store, workers: Workers, samples: Samples, place: Place
) -> None:
    """rules: ARC-04, POS-11

    In seed 53 of the campaign at the venues its second try waited for the looks at another position of the account, and what it
    had bought stood bare for 10.3 s.
    """
    parts = {part.task.id: part for part in (await samples.opened(store, place), await samples.opened(store, place, ETH))}
    busy, idle = await workers.begin(1), await workers.begin(2)
    [begun] = await claim(busy, most=1)
    assert await claim(busy) == []
    entry = apply(begun.trade.orders[0], Acknowledged(NOW, "v-1"))
    async with committed(busy) as work:
        await work.trades.save([Trade(begun.trade.position, (entry, *begun.trade.orders[1:]))], [])
        await work.lane.retry({begun.hold: NOW + SECOND})
    [other] = await claim(busy, most=1)

    assert {begun.task.id, other.task.id} == parts.keys()
    assert await claim(busy) == await claim(idle, NOW + SECOND) == []
    assert ids(await claim(busy, NOW + SECOND)) == [begun.task.id]


async def test_what_its_holder_left_undone_comes_back_though_it_goes_on_with_the_account(
    store: Store, workers: Workers, samples: Samples, place: Place
) -> None:
    """rules: PRI-06, GEN-14"""
    parts = [await samples.opened(store, place), await samples.opened(store, place, ETH)]
    closes = [samples.task(part.position, TaskAction.CLOSE, CRITICAL) for part in parts]
    async with committed(store) as work:
        await work.lane.add(closes)
    busy, idle = await workers.begin(1), await workers.begin(2)
    [undone] = await claim(busy)
    [going_on] = await claim(busy, NOW + LEASE - SECOND)

    assert await claim(idle, NOW + LEASE) == []
    [again] = await claim(busy, NOW + LEASE)

    assert again.task.id == undone.task.id
    assert {undone.task.id, going_on.task.id} == {close.id for close in closes}


async def test_a_living_worker_keeps_what_it_holds_when_another_dies(
    store: Store, workers: Workers, samples: Samples, place: Place
) -> None:
    """rules: PRI-06"""
    await samples.opened(store, place)
    await samples.opened(store, await samples.neighbour(store, place))
    doomed, survivor = await workers.begin(1), await workers.begin(2)
    [kept] = await claim(survivor, most=1)
    [lost] = await claim(doomed, most=1)

    await workers.end(1)
    again = await claim(store)

    assert ids(again) == [lost.task.id]
    async with store() as work:
        assert await work.lane.held([kept.hold, lost.hold]) == {kept.hold}
