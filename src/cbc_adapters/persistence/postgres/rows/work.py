"""Rows of events, answers and emergency acts."""

from typing import Any

from sqlalchemy import RowMapping

from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId
from cbc_domain.ports.persistence.work import Answer
from cbc_domain.risk.model import Stop, StopLevel, StopScope


def event_of(row: RowMapping) -> Event:
    return Event(
        id=EventId(row["id"]),
        name=EventName(row["name"]),
        subject=row["subject"],
        occurred_at=row["occurred_at"],
        data=row["data"],
        causation_id=row["causation_id"],
        hops=row["hops"],
    )


def event_row(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "name": event.name.value,
        "subject": event.subject,
        "occurred_at": event.occurred_at,
        "data": dict(event.data),
        "causation_id": event.causation_id,
        "hops": event.hops,
    }


def answer_of(row: RowMapping) -> Answer:
    return Answer(row["status"], row["body"])


def stop_of(row: RowMapping) -> Stop:
    return Stop(
        scope=StopScope(row["scope"]),
        target=row["target"],
        level=StopLevel(row["level"]),
        reason=row["reason"],
        actor=row["actor"],
        since=row["at"],
    )


def stop_row(stop: Stop) -> dict[str, Any]:
    return {
        "scope": stop.scope.value,
        "target": stop.target,
        "level": stop.level.value,
        "reason": stop.reason,
        "actor": stop.actor,
        "at": stop.since,
    }
