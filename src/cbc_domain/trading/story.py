"""From stored facts to the steps of a receipt, in the order of their times."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.rounding import EXACT
from cbc_domain.signals.model import Signal, SignalStatus
from cbc_domain.trading import steps
from cbc_domain.trading.facts import Facts
from cbc_domain.trading.model import Leg, Order, OrderState, Position, PositionState, Task, TaskAction
from cbc_domain.trading.positions import gross, net

_SETTLED: Final = frozenset({SettlementState.SETTLED, SettlementState.NOT_CHARGEABLE, SettlementState.REVERSED})
_ENDED: Final = frozenset({OrderState.REJECTED, OrderState.CANCELLED, OrderState.EXPIRED})


def story(signal: Signal, facts: Facts) -> tuple[steps.Step, ...]:
    """Tell a member's part of a signal. Of a close it tells what happened from the close on."""
    part = list(_of_part(signal, facts))
    if signal.kind.closes and (asked := closing_task(signal, facts)):
        # The end is told always: the venue may have closed it before we asked, and have told us afterwards.
        since = asked.waiting_since
        part = [step for step in part if step.at >= since or isinstance(step, steps.Closed | steps.Ending)]
    told = [*_of_signal(signal), *part]
    # The sort is stable: steps of one instant stay in the order in which one leads to the next.
    return tuple(sorted(told, key=lambda step: step.at))


def refusal(signal: Signal, facts: Facts) -> tuple[str, ...]:
    """Why there is no trade, the headline first; empty while one stands or may still come."""
    if facts.position is not None:
        return ()
    if facts.verdict is not None:
        return tuple(reason.value for reason in facts.verdict.reasons)
    if signal.status in {SignalStatus.PENDING, SignalStatus.PROCESSING}:
        return ()
    if signal.reason is not None:
        return (str(signal.reason),)
    if signal.status is not SignalStatus.PROCESSED:
        return (signal.status.lower(),)
    return ("nothing_to_close",) if signal.kind.closes else ("not_planned",)


def closing_task(signal: Signal, facts: Facts) -> Task | None:
    """The task by which a signal closes the position."""
    closing = (task for task in facts.tasks if task.action is TaskAction.CLOSE and task.signal == signal.id)
    return next(closing, None)


def last_instant(position: Position, orders: tuple[Order, ...]) -> datetime:
    """The latest instant that a trade names."""
    named = [position.created_at, position.opened_at, position.protected_at, position.closed_at]
    for order in orders:
        named += [order.created_at, order.sent_at, order.acked_at, order.filled_at, order.lost_at, order.ended_at]
    return max(instant for instant in named if instant is not None)


def _of_signal(signal: Signal) -> Iterator[steps.Step]:
    yield steps.Received(signal.received_at, signal.kind, signal.symbol, signal.side, signal.price, signal.fired_at)
    if signal.decided_at is not None:
        decision, reading = signal.decision, signal.reading
        yield steps.Decided(
            at=signal.decided_at,
            reason=signal.reason or (decision.reason if decision else signal.status.lower()),
            criteria_met=decision.criteria.met if decision and decision.criteria else None,
            size_factor=decision.size_factor if decision else None,
            market=reading.code if reading else None,
            direction=reading.direction if reading else None,
            rule_version=decision.rule_version if decision else None,
        )


def _of_part(signal: Signal, facts: Facts) -> Iterator[steps.Step]:
    if reasons := refusal(signal, facts):
        verdict = facts.verdict
        at = verdict.at if verdict else signal.decided_at or signal.received_at
        place = (verdict.environment, verdict.failing_gates) if verdict else (None, ())
        yield steps.Refused(at, reasons, *place)
    if facts.position is not None:
        yield _planned(facts.position, facts)
        yield from _closes_asked(facts.position, facts)
        legs = sorted(facts.orders, key=lambda order: (order.seq, list(Leg).index(order.leg)))
        for order in legs:
            yield from _of_order(order, facts)
        if facts.position.protected_at is not None:
            yield steps.Protected(facts.position.protected_at, facts.position.stop_loss, facts.position.take_profit)
        for order in legs:
            yield from _end_of(order)
        yield from _end(facts.position, facts)


def _planned(position: Position, facts: Facts) -> steps.Planned:
    size = position.size
    return steps.Planned(
        at=position.created_at,
        position=position.id,
        environment=position.environment,
        exchange=position.venue,
        symbol=position.symbol,
        side=position.side,
        quantity=size.quantity,
        asked_price=_asked_price(position),
        leverage=size.leverage,
        notional=size.notional,
        margin=size.margin,
        cuts=size.flags,
        stop_loss=size.stop_loss,
        take_profit=size.take_profit,
        loss_at_stop=size.loss_at_stop,
        gain_at_target=size.gain_at_target,
        settings_version=position.settings_version,
        failing_gates=facts.verdict.failing_gates if facts.verdict else (),
    )


def _asked_price(position: Position) -> Decimal | None:
    coins = EXACT.multiply(position.size.quantity, position.contract_size)
    return EXACT.divide(position.size.notional, coins) if coins else None


def _closes_asked(position: Position, facts: Facts) -> Iterator[steps.CloseAsked]:
    for task in facts.tasks:
        if task.action is TaskAction.CLOSE:
            reason = task.reason or "SIGNAL"
            yield steps.CloseAsked(task.waiting_since, position.id, reason, task.signal, task.attempts)


def _of_order(order: Order, facts: Facts) -> Iterator[steps.Step]:
    leg, name = order.leg, order.client_id
    if order.sent_at is not None:
        attempts = max([order.attempts, *(task.attempts for task in facts.tasks if _sends(task, order))])
        yield steps.Sent(order.sent_at, leg, name, order.quantity, order.trigger, attempts)
    setbacks = {(one.at, one.code) for one in facts.setbacks if one.client_order_id == name}
    if order.lost_at is not None and order.lost_at not in {at for at, _ in setbacks}:
        setbacks.add((order.lost_at, "lost"))
    for at, code in sorted(setbacks):
        yield steps.Unanswered(at, leg, name, code)
    if order.acked_at is not None:
        yield steps.Acknowledged(order.acked_at, leg, name, order.venue_order_id)
    if order.filled:
        asked = order.trigger or (_asked_price(facts.position) if facts.position and leg is Leg.ENTRY else None)
        at, price = order.filled_at or _known_at(order), order.average_price
        yield steps.Filled(at, leg, name, order.filled, order.quantity, asked, price, order.fee)


def _end_of(order: Order) -> Iterator[steps.OrderEnded]:
    """Stop and target that were never sent end with their position and are no story of their own."""
    if order.state in _ENDED and (order.sent_at is not None or not order.reduces):
        at = order.ended_at or _known_at(order)
        yield steps.OrderEnded(at, order.leg, order.client_id, order.state, order.error_code)


def _sends(task: Task, order: Order) -> bool:
    action = {Leg.ENTRY: TaskAction.OPEN, Leg.EXIT: TaskAction.CLOSE}.get(order.leg)
    return task.action is action and task.waiting_since <= order.created_at


def _known_at(order: Order) -> datetime:
    """For rows that name no time of their own: the latest that they do name."""
    named = (order.filled_at, order.lost_at, order.acked_at, order.sent_at, order.created_at)
    return max(instant for instant in named if instant is not None)


def _end(position: Position, facts: Facts) -> Iterator[steps.Step]:
    if not position.state.final:
        return
    at = position.closed_at or last_instant(position, facts.orders)
    if position.state is PositionState.ABANDONED:
        yield steps.Abandoned(at, _why_abandoned(position, facts))
        return
    yield steps.Closed(
        at=at,
        state=position.state,
        reason=position.close_reason,
        quantity=position.sold,
        entry_price=position.entry_price,
        exit_price=position.exit_price,
        gross=gross(position),
        fees=position.fees,
        funding=position.funding,
        net=net(position),
    )
    if position.settlement in _SETTLED:
        yield _settled(position, facts, at)


def _why_abandoned(position: Position, facts: Facts) -> str:
    codes = [order.error_code for order in facts.orders if order.leg is Leg.ENTRY and order.error_code]
    buried = [task.reason for task in facts.tasks if task.action is TaskAction.OPEN and task.reason]
    return next(iter([*codes, *buried]), None) or position.closing_reason or "not_filled"


def _settled(position: Position, facts: Facts, closed_at: datetime) -> steps.Settled:
    bill, terms = facts.settlement, position.terms
    if bill is None:
        return steps.Settled(closed_at, position.settlement, plan=terms.plan, rate=terms.rate)
    return steps.Settled(
        at=max(bill.at, closed_at),
        state=position.settlement,
        reason=bill.reason,
        plan=terms.plan,
        rate=terms.rate,
        exchange_rate=bill.rate.brl_per_usd if bill.rate else None,
        exchange_rate_from=bill.rate.provider if bill.rate else None,
        exchange_rate_at=bill.rate.accepted_at if bill.rate else None,
        commission=bill.commission,
        sources=facts.sources,
        debt=bill.debt,
        journal=bill.journal,
        affiliate=bill.affiliate,
        company=bill.company,
    )
