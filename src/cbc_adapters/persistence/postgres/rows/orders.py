"""Rows of orders, fills, tasks, coin blocks and decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from cbc_domain.kernel.ids import AccountId, MemberId, OrderId, PositionId, SignalId, TaskId
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.risk.model import CoinBlock
from cbc_domain.trading.model import Fill, Leg, Order, Ordered, OrderState, Skipped, Task, TaskAction, TaskState
from cbc_domain.trading.priority import rotation


def order_of(row: RowMapping) -> Order:
    return Order(
        id=OrderId(row["id"]),
        client_id=row["client_id"],
        position=PositionId(row["position"]),
        member=MemberId(row["member"]),
        account=AccountId(row["account"]),
        venue=Venue(row["venue"]),
        environment=Environment(row["environment"]),
        symbol=Symbol(row["symbol"]),
        side=Side(row["side"]),
        leg=Leg(row["leg"]),
        seq=row["seq"],
        quantity=row["quantity"],
        created_at=row["created_at"],
        trigger=row["trigger"],
        state=OrderState(row["state"]),
        filled=row["filled"],
        average_price=row["average_price"],
        fee=row["fee"],
        venue_order_id=row["venue_order_id"],
        sent_at=row["sent_at"],
        acked_at=row["acked_at"],
        filled_at=row["filled_at"],
        lost_at=row["lost_at"],
        ended_at=row["ended_at"],
        attempts=row["attempts"],
        error_code=row["error_code"],
        fill_ids=frozenset(row["fill_ids"]),
    )


def order_row(order: Order) -> dict[str, Any]:
    return {
        "client_id": order.client_id,
        "position": order.position,
        "member": order.member,
        "account": order.account,
        "venue": order.venue.value,
        "environment": order.environment.value,
        "symbol": order.symbol,
        "side": order.side.value,
        "leg": order.leg.value,
        "seq": order.seq,
        "created_at": order.created_at,
        **order_state_row(order),
    }


def order_state_row(order: Order) -> dict[str, Any]:
    """What changes in an order's life; a protection follows its fill in size and trigger (ORD-08, SIZ-10)."""
    return {
        "id": order.id,
        "quantity": order.quantity,
        "trigger": order.trigger,
        "state": order.state.value,
        "filled": order.filled,
        "average_price": order.average_price,
        "fee": order.fee,
        "venue_order_id": order.venue_order_id,
        "sent_at": order.sent_at,
        "acked_at": order.acked_at,
        "filled_at": order.filled_at,
        "lost_at": order.lost_at,
        "ended_at": order.ended_at,
        "attempts": order.attempts,
        "error_code": order.error_code,
    }


def fill_row(account: AccountId, fill: Fill) -> dict[str, Any]:
    return {
        "account": account,
        "id": fill.id,
        "client_id": fill.client_order_id,
        "quantity": fill.quantity,
        "price": fill.price,
        "fee": fill.fee,
        "at": fill.at,
        "maker": fill.maker,
        "funding": fill.funding,
    }


def task_of(row: RowMapping) -> Task:
    return Task(
        id=TaskId(row["id"]),
        action=TaskAction(row["action"]),
        signal=None if row["signal"] is None else SignalId(row["signal"]),
        member=MemberId(row["member"]),
        account=AccountId(row["account"]),
        environment=Environment(row["environment"]),
        position=PositionId(row["position"]),
        base_priority=row["base_priority"],
        waiting_since=row["waiting_since"],
        due_at=row["due_at"],
        not_after=row["not_after"],
        state=TaskState(row["state"]),
        attempts=row["attempts"],
        lease_until=row["lease_until"],
        reason=row["reason"],
    )


def task_row(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "action": task.action.value,
        "signal": task.signal,
        "member": task.member,
        "account": task.account,
        "environment": task.environment.value,
        "position": task.position,
        "base_priority": task.base_priority,
        "waiting_since": task.waiting_since,
        "due_at": task.due_at,
        "not_after": task.not_after,
        "state": task.state.value,
        "attempts": task.attempts,
        "lease_until": task.lease_until,
        "reason": task.reason,
        "rotation": rotation(task.signal, task.member),
    }


def block_row(block: CoinBlock) -> dict[str, Any]:
    return {
        "member": block.member,
        "environment": block.environment.value,
        "coin": block.coin,
        "since": block.since,
        "until": block.until,
        "cause": block.cause,
    }


def ordered_row(part: Ordered, now: datetime) -> dict[str, Any]:
    return {
        "signal": part.position.signal,
        "member": part.position.member,
        "environment": part.position.environment.value,
        "outcome": "ordered",
        "headline": None,
        "reasons": [],
        "failing_gates": [gate.value for gate in part.failing_gates],
        "decided_at": now,
    }


def skipped_row(part: Skipped, now: datetime) -> dict[str, Any]:
    return {
        "signal": part.signal,
        "member": part.member,
        "environment": part.environment.value,
        "outcome": "skipped",
        "headline": part.reasons[0].value,
        "reasons": [reason.value for reason in part.reasons],
        "failing_gates": [gate.value for gate in part.failing_gates],
        "decided_at": now,
    }
