"""Who somebody is: member, role, tier, status, region."""

from datetime import datetime
from enum import StrEnum

import attrs

from cbc_domain.kernel.ids import MemberId, SessionId
from cbc_domain.kernel.money import BRL, USD, Currency


class Role(StrEnum):
    """What is stored (ROL-01); what is shown is `user_type`."""

    ADMIN = "ADMIN"
    GESTOR = "GESTOR"
    OPERADOR = "OPERADOR"
    USER = "USER"


class UserType(StrEnum):
    """What is shown and what permissions are looked up by (ROL-01): derived from role and tier, never stored."""

    ADMIN = "ADMIN"
    GESTOR = "GESTOR"
    OPERADOR = "OPERADOR"
    AFFILIATE_VIP = "AFFILIATE_VIP"
    AFFILIATE = "AFFILIATE"
    USER = "USER"


class Scope(StrEnum):
    """Whose rows a permission reaches (ROL-03); `own` is enforced in the query, not after it."""

    NONE = "none"
    OWN = "own"
    ALL = "all"


class Permission(StrEnum):
    DASHBOARD = "dashboard"
    TRADING_VIEW = "trading.view"
    TRADING_ACT = "trading.act"
    SIGNAL_INJECT = "signal.inject"
    STRATEGY_MANAGE = "strategy.manage"
    QUEUE_CONTROL = "queue.control"
    EMERGENCY_PAUSE = "emergency.pause"
    EMERGENCY_FLATTEN = "emergency.flatten"
    USERS_MANAGE = "users.manage"
    ROLE_CHANGE = "role.change"
    FINANCE_VIEW = "finance.view"
    FINANCE_PROPOSE = "finance.propose"
    FINANCE_APPROVE = "finance.approve"
    COUPONS_MANAGE = "coupons.manage"
    AFFILIATE_SCREENS = "affiliate.screens"
    AFFILIATE_APPOINT_VIP = "affiliate.appoint_vip"
    AFFILIATE_PROPOSE_VIP = "affiliate.propose_vip"
    AUDIT_READ = "audit.read"
    SYSTEM_CONFIG = "system.config"


class AffiliateTier(StrEnum):
    NONE = "none"
    NORMAL = "normal"
    VIP = "vip"


class AccountStatus(StrEnum):
    """What an account may do (ROL-12); suspension never blocks protecting or closing positions."""

    PENDING_VERIFICATION = "PENDING_VERIFICATION"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    INACTIVE = "INACTIVE"


class Region(StrEnum):
    """Derived from the country, never chosen (MON-04)."""

    BR = "BR"
    INTL = "INTL"

    @property
    def billing(self) -> Currency:
        return BRL if self is Region.BR else USD


@attrs.frozen
class Member:
    """An account holder, staff included; `email` is folded (AUT-02), `country` is ISO 3166-1 alpha-2."""

    id: MemberId
    email: str
    full_name: str
    country: str
    created_at: datetime
    role: Role = Role.USER
    tier: AffiliateTier = AffiliateTier.NONE
    status: AccountStatus = AccountStatus.PENDING_VERIFICATION
    language: str = "pt-BR"
    time_zone: str = "America/Sao_Paulo"
    phone: str | None = None
    email_verified_at: datetime | None = None
    terms_version: str | None = None
    two_factor: bool = False
    affiliate_code: str | None = None
    referred_by: MemberId | None = None

    @property
    def region(self) -> Region:
        return Region.BR if self.country == "BR" else Region.INTL


@attrs.frozen
class Registration:
    """What somebody sends to become a member (AUT-01), as it was typed; `country` is ISO 3166-1 alpha-2."""

    email: str
    password: str = attrs.field(repr=False)
    full_name: str
    country: str
    terms_version: str
    language: str | None = None
    phone: str | None = None
    referral_code: str | None = None


@attrs.frozen
class Session:
    """One log-in: its refresh token is kept as a hash and rotates at each use (AUT-07)."""

    id: SessionId
    member: MemberId
    refresh_hash: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime
    spent_hashes: tuple[str, ...] = ()
    revoked_at: datetime | None = None
