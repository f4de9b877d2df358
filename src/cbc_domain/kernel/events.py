"""What happened, in the past tense, as it is written beside the change it tells of (ARC-06, ARC-07)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.ids import EventId
from cbc_domain.kernel.time import utc_only

MOST_HOPS: Final = 10
"""An event further than this from its first cause is a cycle (ARC-08)."""


class EventName(StrEnum):
    SIGNAL_RECEIVED = "signal.received"
    SIGNAL_ACCEPTED = "signal.accepted"
    SIGNAL_REJECTED = "signal.rejected"
    SIGNAL_DUPLICATE = "signal.duplicate"
    SIGNAL_DECIDED = "signal.decided"
    SIGNAL_APPROVED = "signal.approved"
    TASK_CREATED = "task.created"
    TASK_SKIPPED = "task.skipped"
    TASK_EXPIRED = "task.expired"
    ORDER_SUBMITTED = "order.submitted"
    ORDER_FILLED = "order.filled"
    ORDER_FAILED = "order.failed"
    POSITION_OPENED = "position.opened"
    POSITION_PROTECTED = "position.protected"
    POSITION_CLOSED = "position.closed"
    POSITION_SETTLED = "position.settled"
    COMMISSION_DUE = "commission.due"
    COMMISSION_CHARGED = "commission.charged"
    COMMISSION_REVERSED = "commission.reversed"
    SHARE_CREDITED = "affiliate.share_credited"
    SHARE_CONVERTED = "affiliate.converted"
    BALANCE_CREDITED = "balance.credited"
    BALANCE_DEBITED = "balance.debited"
    DEBT_CREATED = "debt.created"
    DEBT_SETTLED = "debt.settled"
    DEBT_FORGIVEN = "debt.forgiven"
    DIRECTION_CHANGED = "market.direction_changed"
    RISK_PAUSED = "risk.paused"
    RISK_RESUMED = "risk.resumed"
    EMERGENCY_CHANGED = "emergency.changed"
    KEY_INVALID = "key.invalid"
    CONFIG_CHANGED = "config.changed"


class HopLimitExceeded(DomainError):
    pass


@attrs.frozen
class Event:
    """One fact about one subject (a signal, position, member ...); `data` holds wire text only, no personal data."""

    id: EventId
    name: EventName
    subject: UUID
    occurred_at: datetime = attrs.field(validator=utc_only)
    data: Mapping[str, str] = attrs.field(factory=dict)
    causation_id: EventId | None = None
    hops: int = 0

    def __attrs_post_init__(self) -> None:
        if self.hops > MOST_HOPS:
            raise HopLimitExceeded("hop_limit", f"expected at most {MOST_HOPS} hops, was {self.hops}")
