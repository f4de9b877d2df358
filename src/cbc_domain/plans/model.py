"""The plans a member may hold and what each costs and allows (PLAN-01)."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from cbc_domain.identity.model import Region
from cbc_domain.kernel.ids import MemberId


class PlanCode(StrEnum):
    TRIAL = "TRIAL"
    FLEX_BR = "FLEX_BR"
    PRO_BR = "PRO_BR"
    FLEX_US = "FLEX_US"
    PRO_US = "PRO_US"
    NONE = "NONE"


class PlanKind(StrEnum):
    TRIAL = "trial"
    PREPAID = "prepaid"
    MONTHLY = "monthly"
    NONE = "none"


class CommissionBasis(StrEnum):
    """What results a commission is taken of (COM-20); frozen per position at opening."""

    PER_TRADE = "per_trade"
    HIGH_WATER_MARK = "high_water_mark"
    DAILY_NET = "daily_net"


class ShareBasis(StrEnum):
    """What the affiliate's percentage is taken of (COM-03)."""

    COMMISSION = "commission"
    PROFIT = "profit"


@attrs.frozen
class Plan:
    """One row of PLAN-01: `region` None means any; `commission_rate` is a fraction, None where nothing may be charged."""

    code: PlanCode
    kind: PlanKind
    region: Region | None
    price: Decimal
    commission_rate: Decimal | None
    live_allowed: bool
    max_positions: int


@attrs.frozen
class Membership:
    """The plan a member holds, and since when."""

    member: MemberId
    plan: PlanCode
    since: datetime
