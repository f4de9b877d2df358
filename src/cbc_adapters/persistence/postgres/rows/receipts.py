"""Rows of receipts: verdicts with their times, setbacks, and how parts stand."""

from typing import Any

from sqlalchemy import RowMapping

from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.receipts import Standing
from cbc_domain.risk.model import LiveGate, Reason
from cbc_domain.trading.facts import Verdict
from cbc_domain.trading.model import PositionState, Setback


def verdict_of(row: RowMapping) -> Verdict | None:
    """None where nobody had to decide."""
    if row["decided_at"] is None:
        return None
    return Verdict(
        at=row["decided_at"],
        environment=Environment(row["environment"]),
        reasons=tuple(Reason(reason) for reason in row["reasons"]),
        failing_gates=tuple(LiveGate(gate) for gate in row["failing_gates"]),
    )


def standing_of(row: RowMapping) -> Standing:
    return Standing(
        reason=row["headline"],
        state=PositionState(row["state"]) if row["state"] else None,
        settlement=SettlementState(row["settlement"]) if row["settlement"] else None,
        parts=row["parts"],
    )


def setback_of(row: RowMapping) -> Setback:
    return Setback(row["client_id"], row["at"], row["code"])


def setback_row(setback: Setback) -> dict[str, Any]:
    return {"client_id": setback.client_order_id, "at": setback.at, "code": setback.code}
