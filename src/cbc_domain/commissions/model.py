"""The terms a position is opened under, and what its profit costs."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.ids import MemberId, PositionId
from cbc_domain.kernel.money import Currency, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.model import Journal
from cbc_domain.ledger.spending import Spent
from cbc_domain.plans.model import CommissionBasis, PlanCode


@attrs.frozen
class Terms:
    """Frozen at opening (COM-04): `rate` is a fraction of profit, None where nothing may be charged."""

    plan: PlanCode
    rate: Decimal | None
    billing: Currency
    affiliate: MemberId | None = None
    tier: AffiliateTier = AffiliateTier.NONE
    basis: CommissionBasis = CommissionBasis.PER_TRADE


class SettlementState(StrEnum):
    """COM-10."""

    UNSETTLED = "UNSETTLED"
    SETTLED = "SETTLED"
    NOT_CHARGEABLE = "NOT_CHARGEABLE"
    PENDING_RATE = "PENDING_RATE"
    REVERSED = "REVERSED"


RECORD_WAIT: Final = timedelta(minutes=5)
"""How long a settlement waits for the venue's own record of the result (COM-05)."""

REVIEWED_ABOVE: Final = Decimal("0.01")
"""USDT by which another result of the venue must differ to be looked at by somebody (COM-15)."""


class SettlementReason(StrEnum):
    CHARGED = "charged"
    NO_PROFIT = "no_profit"
    BELOW_ONE_CENT = "below_one_cent"
    NOT_CHARGEABLE = "not_chargeable"


@attrs.frozen
class Charge:
    """What one closed trade costs, in the billing currency: `commission` = `affiliate` + `company` (COM-02, COM-03)."""

    reason: SettlementReason
    commission: Money
    affiliate: Money
    company: Money


@attrs.frozen
class ShareRates:
    """The affiliate's fraction by tier (switches `affiliate_share_normal` and `affiliate_share_vip`)."""

    normal: Decimal = Decimal("0.015")
    vip: Decimal = Decimal("0.05")

    def of(self, tier: AffiliateTier) -> Decimal:
        match tier:
            case AffiliateTier.NORMAL:
                return self.normal
            case AffiliateTier.VIP:
                return self.vip
            case AffiliateTier.NONE:
                return Decimal(0)


@attrs.frozen
class ClosedTrade:
    """A fully closed position as commission sees it: `profit_usdt` is net of fees and funding, 8 places (COM-05).

    `revision` counts the charges of this position that were reversed (COM-14).
    """

    position: PositionId
    member: MemberId
    environment: Environment
    profit_usdt: Decimal
    terms: Terms
    closed_at: datetime
    revision: int = 0


@attrs.frozen
class Settled:
    """A charge and the journals that book it, to be posted in order; `rate` is None where none was needed."""

    charge: Charge
    spent: Spent
    journals: tuple[Journal, ...]
    rate: FxRate | None


@attrs.frozen
class NotCharged:
    """A closed trade that costs nothing: its settlement is final and posts nothing (COM-01)."""

    reason: SettlementReason


@attrs.frozen
class WaitsForRate:
    """A rate is needed and none is usable: nothing is posted, the position waits as PENDING_RATE (FX-03)."""


Settlement = Settled | NotCharged | WaitsForRate
