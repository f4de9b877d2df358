"""What matters most comes first, nobody waits for ever, and nobody is always first."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import MemberId, SignalId, TaskId
from cbc_domain.kernel.venues import Environment
from cbc_domain.plans.model import PlanKind
from cbc_domain.trading.model import Task, TaskAction
from cbc_domain.trading.priority import (
    BACKGROUND,
    LONGEST_CLOSE_DELAY,
    Window,
    base_priority,
    effective,
    order_key,
    prefers_rehearsal,
    retry_at,
    rotation,
    window,
)
from tests.rulebook import cases
from tests.strategies.trading import NOW, task_of, tasks

CLASSES = {1000: "CRITICAL", 500: "HIGH", 450: "HIGH", 400: "MEDIUM", 50: "LOW", 10: "BACKGROUND"}
LIVE_CLASSES = (400, 450, 500, 1000)


def seconds(text: str) -> timedelta:
    return timedelta(microseconds=int(Decimal(text) * 1_000_000))


def base_of(name: str, environment: str, plan: str | None, *, real: bool | None) -> int:
    if name == "BACKGROUND":
        return BACKGROUND
    action = {"OPEN": TaskAction.OPEN, "PROTECT": TaskAction.PROTECT}.get(name, TaskAction.CLOSE)
    return base_priority(action, Environment(environment), PlanKind(plan) if plan else None, real_meets_minimum=bool(real))


@given(tasks(), st.data())
def test_the_order_of_the_lane_is_the_same_however_tasks_arrived(waiting: list[Task], data: st.DataObject) -> None:
    """rules: PRI-03"""
    shuffled = data.draw(st.permutations(waiting))

    assert sorted(shuffled, key=lambda task: order_key(task, NOW)) == sorted(waiting, key=lambda task: order_key(task, NOW))


@given(tasks())
def test_no_two_tasks_share_a_place(waiting: list[Task]) -> None:
    """rules: PRI-03"""
    assert len({order_key(task, NOW) for task in waiting}) == len(waiting)


@given(st.sampled_from(LIVE_CLASSES), st.sampled_from(LIVE_CLASSES), st.integers(0, 10_000))
def test_ageing_never_lets_an_open_pass_a_fresh_task_of_a_higher_live_class(one: int, other: int, waited: int) -> None:
    """rules: PRI-02"""
    low, high = sorted((one, other))
    old, fresh = task_of(1, low, timedelta(seconds=waited)), task_of(2, high)

    assert low == high or order_key(fresh, NOW) < order_key(old, NOW)


@given(st.integers(-100, 10_000), st.integers(0, 100))
def test_waiting_longer_never_costs_a_place(waited: int, more: int) -> None:
    """rules: PRI-02"""
    assert effective(400, NOW - timedelta(seconds=waited), NOW) <= effective(400, NOW - timedelta(seconds=waited + more), NOW)


@given(st.integers(1, 64), st.integers(1, 1000))
def test_a_fifth_of_the_slots_goes_to_rehearsals(slots: int, dequeue: int) -> None:
    """rules: PRI-04"""
    preferring = [slot for slot in range(slots) if prefers_rehearsal(slot, slots, dequeue)]

    assert len(preferring) == (slots // 5 if slots >= 5 else slots * (dequeue % 5 == 0))


@pytest.mark.parametrize("case", cases("priority_cases"))
def test_a_task_has_the_class_and_the_priority_of_the_book(case: Mapping[str, Any]) -> None:
    """rules: PRI-01, PRI-02"""
    given, expected = case["input"], case["expect"]

    base = base_of(given["task"], given["environment"], given["plan_kind"], real=bool(given["real_balance_meets_minimum"]))

    assert (CLASSES[base], base) == (expected["class"], expected["base"])
    assert effective(base, NOW - seconds(given["waited_seconds"]), NOW) == expected["effective"]


@pytest.mark.parametrize("case", cases("priority_order_cases"))
def test_tasks_come_in_the_order_of_the_book(case: Mapping[str, Any]) -> None:
    """rules: PRI-03, PRI-EX1, PRI-EX2"""
    waiting = [
        attrs.evolve(
            task_of(0, base_of(row["task"], row["env"], row["plan"], real=bool(row["real"])), seconds(row["waited"])),
            id=cast("TaskId", row["id"]),
            signal=cast("SignalId", row["signal"]),
            member=cast("MemberId", row["member"]),
            environment=Environment(row["env"]),
        )
        for row in case["input"]
    ]

    assert [task.id for task in sorted(waiting, key=lambda task: order_key(task, NOW))] == case["expect"]


def test_rotation_is_the_hash_of_signal_and_member() -> None:
    """rules: PRI-03"""
    signal, member = SignalId(UUID(int=1)), MemberId(UUID(int=2))

    assert rotation(signal, member) == hashlib.sha256(f"{signal}:{member}".encode()).hexdigest()


@pytest.mark.parametrize(("attempts", "wait"), [(1, 2), (2, 4), (3, 8)])
def test_an_open_is_tried_again_three_times(attempts: int, wait: int) -> None:
    """rules: PRI-05"""
    task = attrs.evolve(task_of(1, 500), attempts=attempts, not_after=NOW + timedelta(seconds=120))

    assert retry_at(task, NOW, Decimal(0)) == NOW + timedelta(seconds=wait)
    assert retry_at(task, NOW, Decimal(1)) == NOW + timedelta(seconds=wait) * 6 / 5


def test_an_open_is_given_up_after_its_retries() -> None:
    """rules: PRI-05"""
    assert retry_at(attrs.evolve(task_of(1, 500), attempts=4), NOW, Decimal(0)) is None


def test_an_open_is_not_tried_again_after_its_window() -> None:
    """rules: PRI-05, SIG-21"""
    task = attrs.evolve(task_of(1, 500), attempts=1, not_after=NOW + timedelta(seconds=2))

    assert retry_at(task, NOW, Decimal(0)) == NOW + timedelta(seconds=2)
    assert retry_at(task, NOW, Decimal("0.01")) is None


@given(st.integers(0, 1000), st.decimals(0, 1, places=3))
def test_a_close_goes_on_for_ever_at_most_thirty_seconds_apart(attempts: int, jitter: Decimal) -> None:
    """rules: PRI-05, SIG-22"""
    due = retry_at(attrs.evolve(task_of(1, 1000, action=TaskAction.CLOSE), attempts=attempts), NOW, jitter)

    assert due is not None
    assert timedelta(0) < due - NOW <= LONGEST_CLOSE_DELAY


@pytest.mark.parametrize("case", cases("execution_window_cases"))
def test_an_open_is_sent_in_its_window_and_a_close_always(case: Mapping[str, Any]) -> None:
    """rules: SIG-21, SIG-22"""
    given = case["input"]
    action = TaskAction.OPEN if given["kind"].startswith("OPEN") else TaskAction.CLOSE

    told = window(action, NOW, NOW + seconds(given["accepted_to_send_seconds"]), timedelta(seconds=120))

    assert told == Window(case["expect"])


@given(st.lists(st.uuids(version=4), min_size=2, max_size=6, unique=True), st.data())
def test_whoever_is_first_in_one_signal_is_not_so_in_every_other(members: list[UUID], data: st.DataObject) -> None:
    """rules: PRI-03"""
    signals = data.draw(st.lists(st.uuids(version=4), min_size=60, max_size=60, unique=True))

    first = Counter(min(members, key=lambda member: rotation(SignalId(signal), MemberId(member))) for signal in signals)

    assert len(first) >= 2
    assert max(first.values()) < len(signals)


def test_over_many_signals_each_member_is_first_as_often_as_any_other() -> None:
    """rules: PRI-03"""
    members = [MemberId(UUID(int=number)) for number in range(10)]
    signals = [SignalId(UUID(int=1000 + number)) for number in range(5000)]

    first = Counter(min(members, key=lambda member: rotation(signal, member)) for signal in signals)

    assert set(first) == set(members)
    assert all(400 <= count <= 600 for count in first.values())
