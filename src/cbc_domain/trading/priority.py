"""Which piece of order work comes first, and when a failed one may be tried again (section 19)."""

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from cbc_domain.kernel.ids import MemberId, SignalId
from cbc_domain.kernel.venues import Environment
from cbc_domain.plans.model import PlanKind
from cbc_domain.trading.model import Task, TaskAction

CRITICAL: Final = 1000
HIGH: Final = 500
HIGH_PREPAID: Final = 450
MEDIUM: Final = 400
LOW: Final = 50
BACKGROUND: Final = 10
"""Base priorities, higher first (PRI-01)."""

MOST_AGEING: Final = 50
"""Waiting lifts a task by a point a second, by this much at most (PRI-02)."""

RETRY_DELAYS: Final = (timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8))
LONGEST_CLOSE_DELAY: Final = timedelta(seconds=30)
MOST_JITTER: Final = Decimal("0.2")
"""PRI-05."""

_SLOTS_PER_REHEARSAL_SLOT: Final = 5

OrderKey = tuple[int, int, int, str, str]


class Window(StrEnum):
    """Whether an order may still be sent (SIG-21, SIG-22)."""

    SEND = "send"
    SEND_AND_ALERT = "send_and_alert"
    EXPIRED = "window_expired"


def base_priority(
    action: TaskAction, environment: Environment, plan: PlanKind | None = None, *, real_meets_minimum: bool = False
) -> int:
    """The base of a task's class (PRI-01); `real_meets_minimum` says that real balance alone is enough in one currency."""
    if action is not TaskAction.OPEN:
        return CRITICAL
    if environment is not Environment.LIVE:
        return LOW
    if plan is PlanKind.MONTHLY:
        return HIGH
    return HIGH_PREPAID if real_meets_minimum else MEDIUM


def effective(base: int, waiting_since: datetime, now: datetime) -> int:
    """Base plus whole seconds waited, at most 50; a start in the future counts as no wait (PRI-02)."""
    waited = (now - waiting_since) // timedelta(seconds=1)
    return base + min(MOST_AGEING, max(0, waited))


def rotation(signal: SignalId | None, member: MemberId) -> str:
    """What breaks ties, new for every signal, so that no member is always first (PRI-03); `-` for work without a signal."""
    return hashlib.sha256(f"{signal or '-'}:{member}".encode()).hexdigest()


def order_key(task: Task, now: datetime) -> OrderKey:
    """Sort ascending by this to get the lane's order, which is total (PRI-03)."""
    return (
        -effective(task.base_priority, task.waiting_since, now),
        -task.base_priority,
        0 if task.environment is Environment.LIVE else 1,
        rotation(task.signal, task.member),
        str(task.id),
    )


def prefers_rehearsal(slot: int, slots: int, dequeue: int) -> bool:
    """Say whether this dequeue takes testnet and paper opens first, CRITICAL apart (PRI-04).

    `slot` counts from 0 and `dequeue` from 1, over all slots of the process. An idle slot takes any task anyway.
    """
    if slots < _SLOTS_PER_REHEARSAL_SLOT:
        return dequeue % _SLOTS_PER_REHEARSAL_SLOT == 0
    return slot < max(1, slots // _SLOTS_PER_REHEARSAL_SLOT)


def retry_at(task: Task, now: datetime, jitter: Decimal) -> datetime | None:
    """When a task that failed at `now` may be taken again, after `task.attempts` attempts; None when never (PRI-05).

    `jitter` is a random fraction 0..1 of the most that is added. Opens have 3 retries inside their window; the rest goes on,
    at most 30 s apart.
    """
    index = max(task.attempts, 1) - 1
    if task.action is not TaskAction.OPEN:
        delay = RETRY_DELAYS[index] if index < len(RETRY_DELAYS) else LONGEST_CLOSE_DELAY
        return now + min(_jittered(delay, jitter), LONGEST_CLOSE_DELAY)
    if index >= len(RETRY_DELAYS):
        return None
    due = now + _jittered(RETRY_DELAYS[index], jitter)
    return None if task.not_after is not None and due > task.not_after else due


def window(action: TaskAction, accepted_at: datetime, now: datetime, allowed: timedelta) -> Window:
    """Say whether an order may be sent `allowed` after acceptance at the latest, that instant included (SIG-21).

    Closing and protecting have no end; they alert once they are late (SIG-22).
    """
    if now - accepted_at <= allowed:
        return Window.SEND
    return Window.EXPIRED if action is TaskAction.OPEN else Window.SEND_AND_ALERT


def _jittered(delay: timedelta, jitter: Decimal) -> timedelta:
    added = delay // timedelta(microseconds=1) * jitter * MOST_JITTER
    return delay + timedelta(microseconds=int(added))
