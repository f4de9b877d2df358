"""Which plans there are, who may hold them, and how many positions they allow."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from cbc_domain.identity.model import Region
from cbc_domain.kernel.errors import Invalid
from cbc_domain.plans.model import Plan, PlanCode, PlanKind

MOST_POSITIONS: Final = 5
"""No plan and no setting allows more positions at once than this (PLAN-15)."""

_POSITIONS: Final = 2
_FREE: Final = Decimal("0.00")

PLANS: Final[Mapping[PlanCode, Plan]] = MappingProxyType(
    {
        plan.code: plan
        for plan in (
            Plan(PlanCode.TRIAL, PlanKind.TRIAL, None, _FREE, Decimal(0), False, _POSITIONS),
            Plan(PlanCode.FLEX_BR, PlanKind.PREPAID, Region.BR, _FREE, Decimal("0.20"), True, _POSITIONS),
            Plan(PlanCode.PRO_BR, PlanKind.MONTHLY, Region.BR, Decimal("297.00"), Decimal("0.10"), True, _POSITIONS),
            Plan(PlanCode.FLEX_US, PlanKind.PREPAID, Region.INTL, _FREE, Decimal("0.20"), True, _POSITIONS),
            Plan(PlanCode.PRO_US, PlanKind.MONTHLY, Region.INTL, Decimal("50.00"), Decimal("0.10"), True, _POSITIONS),
            Plan(PlanCode.NONE, PlanKind.NONE, None, _FREE, None, False, _POSITIONS),
        )
    }
)
"""The rows of PLAN-01; prices are whole units of the region's billing currency."""


def plan(code: str) -> Plan:
    """Find a plan by its code, never by a default (PLAN-02). Raises Invalid `plan_unknown`."""
    found = next((known for known in PLANS.values() if known.code.value == code), None)
    if found is None:
        raise Invalid("plan_unknown", f"expected one of {', '.join(PLANS)}, was {code[:20]!r}")
    return found


def plan_in(code: str, region: Region) -> Plan:
    """Find a plan that members of `region` may hold (PLAN-04). Raises Invalid `plan_unknown`, `plan_wrong_region`."""
    found = plan(code)
    if found.region not in (None, region):
        raise Invalid("plan_wrong_region", f"expected a plan of region {region}, was {found.code}")
    return found


def most_positions(held: Plan, system_limit: int = MOST_POSITIONS) -> int:
    """How many positions a plan allows at once; a plan only tightens the system's limit (PLAN-15)."""
    return min(held.max_positions, system_limit, MOST_POSITIONS)
