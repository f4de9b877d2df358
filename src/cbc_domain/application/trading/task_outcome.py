"""What becomes of a task after a round of calls: it is over, it is tried again, or the position must be closed."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.application.trading.cover import bare, beyond_protection, turned_down, unfolding, unguarded
from cbc_domain.application.trading.desk import PARTIAL_WAITS
from cbc_domain.application.trading.standing import (
    AT_VENUE,
    MAY_ARRIVE,
    being_sold,
    buying,
    entry_lapsed,
    in_doubt,
    lapsed_within,
    may_arrive,
    newest,
    stray,
    unfinished,
)
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import Reason
from cbc_domain.trading.model import PROTECTION, Leg, OrderState, PositionState, Task, TaskAction
from cbc_domain.trading.priority import LONGEST_CLOSE_DELAY, retry_at

BARE_AGAIN: Final = timedelta(milliseconds=250)
"""Three attempts and a close fit into the five seconds of ORD-10."""
OPENS_WAIT: Final = timedelta(seconds=1)
"""How long after it was due the next try of a bare position still comes before a new open of its account (POS-11)."""

DOUBT_AGAIN: Final = timedelta(milliseconds=500)
"""How often an entry is asked for that the venue does not know yet, though it may be on its way (EXC-09), or took without a
word of what it bought."""

EXIT_TAKES: Final = timedelta(milliseconds=3250)
"""So long before the five seconds are over a close begins: one more try of a stop and an exit may take 1.5 s each (POS-11)."""

LOOK_AGAIN: Final = timedelta(seconds=1)
"""How often an entry is asked for that was given up in doubt, or that a stop covers while it may buy more, and that stop where
the venue did not tell of it (POS-11)."""
LOOKED_FOR: Final = timedelta(minutes=1)
"""How long it is asked for at all."""


@attrs.frozen
class TaskOutcome:
    """`due` is when the task is tried again, None when it is over; `buried` is why an open will never be carried out (PRI-05).

    `close` asks to close the position as UNPROTECTED; `look_again` to ask for an entry whose answer was lost.
    """

    due: datetime | None = None
    buried: Reason | None = None
    close: bool = False
    look_again: datetime | None = None

    def comes_again_by(self, instant: datetime) -> bool:
        return any(at is not None and at <= instant for at in (self.due, self.look_again))


@attrs.frozen
class Asked:
    """What the venue said when it was asked: that it holds nothing of the position, or not all that it was asked for.

    `barred` is set when it will say no to every order until somebody mends the cause: haste does not help then.
    """

    nothing_there: bool = False
    unanswered: bool = False
    barred: bool = False


def outcome(task: Task, trade: Trade, now: datetime, limits: SystemLimits, asked: Asked) -> TaskOutcome:
    """Judge a task by its trade as it is stored now."""
    if task.action is not TaskAction.CLOSE and beyond_protection(trade, now + EXIT_TAKES, limits):
        return TaskOutcome(close=True)
    if not _over(task, trade, now, asked):
        # An open is sent again in its own time (PRI-05); whether it was filled after all is asked at once (ORD-10).
        looks = task.action is TaskAction.OPEN and in_doubt(trade)
        return TaskOutcome(
            due=_due(task, trade, now, asked, hasty=not (asked.barred or turned_down(trade, limits))),
            look_again=now + BARE_AGAIN if looks else None,
        )
    given_up = trade.position.state is PositionState.ABANDONED and entry_lapsed(trade)
    unsent_ever = task.action is TaskAction.OPEN and task.attempts == 1
    if task.action is TaskAction.PROTECT or not given_up:
        return TaskOutcome()
    late = task.not_after is not None and now > task.not_after
    entry = newest(trade.orders, Leg.ENTRY)
    unsent = task.action is TaskAction.OPEN and trade.position.closing_reason is None and not (entry and entry.error_code)
    reason = (Reason.WINDOW_EXPIRED if late else Reason.UNAVAILABLE) if unsent else None
    return TaskOutcome(buried=reason, look_again=None if unsent_ever else now + LOOK_AGAIN)


def wants_exit(task: Task, trade: Trade, *, nothing_there: bool) -> Decimal | None:
    """How much a close still has to sell when its exit is over, refused or partly filled; None when it has what it needs."""
    left = max(trade.position.quantity, Decimal(0)) or (Decimal(0) if nothing_there else stray(trade))
    running = any(order.leg is Leg.EXIT for order in unfinished(trade))
    wanted = task.action is TaskAction.CLOSE and left > 0 and not running
    return left if wanted else None


def _over(task: Task, trade: Trade, now: datetime, asked: Asked) -> bool:
    left = unfinished(trade)
    if task.action is TaskAction.CLOSE or trade.position.state.final:
        looks = task.action is TaskAction.PROTECT
        if not looks and may_arrive(trade, now):
            # Whoever looks for the entry ends the stop that stands for it.
            left = tuple(order for order in left if order.leg is not Leg.STOP or order.state not in AT_VENUE)
        sought = looks and _sought(trade, now, asked)
        return trade.position.state.final and not left and not sought and (asked.nothing_there or not stray(trade))
    if being_sold(trade):
        return True
    stands = sorted(order.leg for order in left) == sorted(PROTECTION) and all(order.state in AT_VENUE for order in left)
    # What stands may have been enough before more was bought.
    return trade.position.state is PositionState.PROTECTED and stands and not bare(trade)


def _sought(trade: Trade, now: datetime, asked: Asked) -> bool:
    """What was given up in doubt is looked for as long as it may arrive, and until the venue has told of it."""
    entry = newest(trade.orders, Leg.ENTRY)
    if trade.position.state is not PositionState.ABANDONED or entry is None or entry.filled:
        return False
    return asked.unanswered or lapsed_within(trade, LOOKED_FOR, now)


def _due(task: Task, trade: Trade, now: datetime, asked: Asked, *, hasty: bool) -> datetime:
    """An order whose fate is open is asked for until the venue answers, whatever the number of attempts."""
    # An entry that stands at the venue is only asked for, so an open need not wait for its own time either.
    if bare(trade) or (hasty and (unguarded(trade) or unfolding(trade) or stray(trade))):
        return now + BARE_AGAIN
    if hasty and buying(trade):
        # A stop that covers everything may have been reached before, or fire for a part, and the rest come after it.
        told = LOOK_AGAIN if trade.position.bought else DOUBT_AGAIN
        return now + (BARE_AGAIN if asked.unanswered else told)
    if hasty and in_doubt(trade) and task.action is not TaskAction.OPEN:
        return now + (BARE_AGAIN if asked.unanswered else DOUBT_AGAIN)
    if hasty and asked.unanswered and trade.position.quantity > 0 and task.action is not TaskAction.CLOSE:
        # What was not told of may be the stop that is thought to cover everything.
        return now + LOOK_AGAIN
    stands = any(order.leg is Leg.STOP and order.state in AT_VENUE for order in unfinished(trade))
    # What was kept for an entry that might arrive was perhaps looked at just before that had become impossible.
    if _sought(trade, now, asked) and (asked.unanswered or stands or lapsed_within(trade, MAY_ARRIVE, now)):
        return now + (BARE_AGAIN if asked.unanswered and hasty else LOOK_AGAIN)
    jitter = Decimal(task.id.int % 1000) / 1000
    due = retry_at(task, now, jitter) or now + LONGEST_CLOSE_DELAY
    stale = [
        max(order.sent_at + PARTIAL_WAITS, now + LOOK_AGAIN)
        for order in unfinished(trade)
        if order.state is OrderState.PARTIALLY_FILLED and order.trigger is None and order.sent_at
    ]
    return min([due, *stale])
