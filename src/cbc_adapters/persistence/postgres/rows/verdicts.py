"""Rows of what a signal meant for one member."""

from sqlalchemy import RowMapping

from cbc_domain.kernel.ids import MemberId, OrderId, SignalId
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.views import MemberDecision
from cbc_domain.risk.model import LiveGate, Reason


def verdict_of(row: RowMapping) -> MemberDecision:
    return MemberDecision(
        signal=SignalId(row["signal"]),
        member=MemberId(row["member"]),
        environment=Environment(row["environment"]),
        outcome=row["outcome"],
        reasons=tuple(Reason(reason) for reason in row["reasons"]),
        failing_gates=tuple(LiveGate(gate) for gate in row["failing_gates"]),
        orders=tuple(OrderId(order) for order in row["orders"] or ()),
    )
