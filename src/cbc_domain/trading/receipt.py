"""A receipt: the whole story of a member's part of a signal, how it stands, and what it waits for."""

from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never

import attrs

from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import MemberId, PositionId, SignalId
from cbc_domain.signals.model import Signal, SignalStatus
from cbc_domain.trading.facts import Facts
from cbc_domain.trading.model import Leg, Order, OrderState, Position, PositionState, Task, TaskAction, TaskState
from cbc_domain.trading.steps import Settled, Step
from cbc_domain.trading.story import last_instant, refusal, story


class Outcome(StrEnum):
    """How a part stands: waiting for its plan, or refused, or what its position is."""

    WAITING = "waiting"
    REFUSED = "refused"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    SETTLED = "settled"
    ABANDONED = "abandoned"


class Awaited(StrEnum):
    """What an unfinished story waits for."""

    DECISION = "the decision on the signal"
    PLAN = "the member's part to be planned"
    TURN = "its turn to be sent"
    ANSWER = "the exchange's answer; the order may or may not have arrived"
    FILL = "the exchange to fill it"
    PROTECTION = "stop and target to be confirmed by the exchange"
    END = "its stop, its target or a close"
    EXIT = "the exchange to close it"
    SETTLEMENT = "its settlement"
    RATE = "an exchange rate to be settled with"


@attrs.frozen
class Waiting:
    """`since` when it waits; `again_at` is when it is tried again at the latest, None when it needs no try."""

    awaited: Awaited
    since: datetime
    again_at: datetime | None = None


@attrs.frozen
class Receipt:
    """`steps` in the order of their times; `reasons` are those of a refusal; `waits` None once nothing more is due."""

    signal: SignalId
    member: MemberId
    position: PositionId | None
    outcome: Outcome
    reasons: tuple[str, ...]
    steps: tuple[Step, ...]
    waits: Waiting | None


class Sight(StrEnum):
    """Who looks: the member himself, staff that sees trades, or whoever sees the money too (section 3)."""

    OWN = "own"
    TRADES = "trades"
    EVERYTHING = "everything"


def receipt(signal: Signal, facts: Facts) -> Receipt:
    """Tell the whole story from what is stored; every combination of facts has one."""
    reasons = refusal(signal, facts)
    return Receipt(
        signal=signal.id,
        member=facts.member,
        position=facts.position.id if facts.position else None,
        outcome=_outcome(facts, reasons),
        reasons=reasons,
        steps=story(signal, facts),
        waits=None if reasons else _waits(signal, facts),
    )


def seen(told: Receipt, sight: Sight) -> Receipt:
    """Leave out what the one who looks may not see: a payer does not learn who shares his commission (ROL-03, ROL-06)."""
    return attrs.evolve(told, steps=tuple(_shown(step, sight) if isinstance(step, Settled) else step for step in told.steps))


def outcome_of(state: PositionState, settlement: SettlementState | None) -> Outcome:
    """How a part with a position stands."""
    match state:
        case PositionState.OPENING:
            return Outcome.OPENING
        case PositionState.PROTECTED:
            return Outcome.OPEN
        case PositionState.CLOSING:
            return Outcome.CLOSING
        case PositionState.ABANDONED:
            return Outcome.ABANDONED
        case PositionState.CLOSED | PositionState.LIQUIDATED:
            return Outcome.CLOSED if settlement in _UNSETTLED else Outcome.SETTLED
        case _:
            assert_never(state)


_UNSETTLED: Final = frozenset({None, SettlementState.UNSETTLED, SettlementState.PENDING_RATE})
_IN_DOUBT: Final = frozenset({OrderState.SUBMITTED, OrderState.UNKNOWN})


def _outcome(facts: Facts, reasons: tuple[str, ...]) -> Outcome:
    if reasons:
        return Outcome.REFUSED
    return outcome_of(facts.position.state, facts.position.settlement) if facts.position else Outcome.WAITING


def _shown(step: Settled, sight: Sight) -> Settled:
    match sight:
        case Sight.EVERYTHING:
            return step
        case Sight.OWN:
            return attrs.evolve(step, affiliate=None, company=None)
        case Sight.TRADES:
            return Settled(step.at, step.state, step.reason, step.plan)
        case _:
            assert_never(sight)


def _waits(signal: Signal, facts: Facts) -> Waiting | None:
    position = facts.position
    if position is None:
        decided = signal.status is not SignalStatus.PENDING
        since = facts.verdict.at if facts.verdict else signal.decided_at or signal.received_at
        return Waiting(Awaited.PLAN if decided else Awaited.DECISION, since)
    if position.state is PositionState.ABANDONED:
        return _after_abandoning(facts)
    if position.state.final:
        return _after_the_end(position, facts)
    if closing := _owed(facts, TaskAction.CLOSE):
        return _again(Waiting(Awaited.EXIT, closing.waiting_since), closing)
    if position.state is PositionState.CLOSING:
        return Waiting(Awaited.EXIT, last_instant(position, facts.orders))
    if position.state is PositionState.PROTECTED:
        return Waiting(Awaited.END, position.protected_at or position.opened_at or position.created_at)
    return _again(_until_open(position, facts), _owed(facts, TaskAction.OPEN) or _owed(facts, TaskAction.PROTECT))


def _after_abandoning(facts: Facts) -> Waiting | None:
    """What an abandoned entry bought after all is sold again; its task says so."""
    closing = _owed(facts, TaskAction.CLOSE)
    return _again(Waiting(Awaited.EXIT, closing.waiting_since), closing) if closing else None


def _after_the_end(position: Position, facts: Facts) -> Waiting | None:
    if position.settlement not in _UNSETTLED:
        return None
    pending = position.settlement is SettlementState.PENDING_RATE
    return Waiting(Awaited.RATE if pending else Awaited.SETTLEMENT, position.closed_at or last_instant(position, facts.orders))


def _until_open(position: Position, facts: Facts) -> Waiting:
    if position.opened_at is not None:
        return Waiting(Awaited.PROTECTION, position.opened_at)
    entries = [order for order in facts.orders if order.leg is Leg.ENTRY]
    entry = max(entries, key=lambda order: order.seq, default=None)
    if entry is None or entry.state is OrderState.CREATED:
        return Waiting(Awaited.TURN, entry.created_at if entry else position.created_at)
    if entry.state in _IN_DOUBT:
        return Waiting(Awaited.ANSWER, _doubtful_since(entry))
    return Waiting(Awaited.FILL, entry.filled_at or entry.acked_at or entry.sent_at or entry.created_at)


def _doubtful_since(entry: Order) -> datetime:
    return entry.lost_at or entry.sent_at or entry.created_at


def _owed(facts: Facts, action: TaskAction) -> Task | None:
    owed = (task for task in facts.tasks if task.action is action and task.state in {TaskState.WAITING, TaskState.LEASED})
    return next(owed, None)


def _again(waiting: Waiting, task: Task | None) -> Waiting:
    """The next try: when a task that was given back is due, or when the lease of whoever has it ends (PRI-06)."""
    if task is None or not task.attempts:
        return waiting
    return attrs.evolve(waiting, again_at=task.lease_until if task.state is TaskState.LEASED else task.due_at)
