"""What is known of a member when a signal asks whether he trades it."""

from datetime import datetime

import attrs

from cbc_domain.identity.model import AffiliateTier, Member
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import Money
from cbc_domain.plans.model import PlanCode
from cbc_domain.risk.model import Activity, ExchangeAccount, TradingSettings


@attrs.frozen
class Candidate:
    """A member as planning sees him, read in one step with his places held (ELG-05).

    `settings` are his wishes, unclamped (CFG-01); `paused` is his own pause (RSK-20); `real`, `admin` and `owes` are sums per
    currency: operating balance, usable lots only, and open debt; a currency without a sum has zero. `rehearsal_trades` counts
    closed testnet and paper trades; `live_since` is his first live trade, None before it (CFG-15). `activities` has one item
    for each environment that can be read: one that is missing makes him not eligible there (ELG-06). `recent_orders` counts
    entry orders of the last minute (ORD-15).
    """

    member: Member
    plan: PlanCode
    settings: TradingSettings
    settings_version: int
    subscribed: bool
    paused: bool
    real: tuple[Money, ...]
    admin: tuple[Money, ...]
    owes: tuple[Money, ...]
    rehearsal_trades: int
    live_since: datetime | None
    accounts: tuple[ExchangeAccount, ...]
    activities: tuple[Activity, ...]
    affiliate: MemberId | None = None
    affiliate_tier: AffiliateTier = AffiliateTier.NONE
    recent_orders: int = 0
