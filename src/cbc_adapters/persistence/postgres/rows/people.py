"""Rows of members, sessions, wishes and exchange accounts."""

from typing import Any

from sqlalchemy import RowMapping

from cbc_domain.identity.model import AccountStatus, AffiliateTier, Member, Role, Session
from cbc_domain.kernel.ids import AccountId, MemberId, SessionId
from cbc_domain.kernel.venues import Environment, Venue
from cbc_domain.plans.model import Membership, PlanCode
from cbc_domain.ports.persistence.people import Credential, Wishes
from cbc_domain.risk.model import ExchangeAccount, KeyStatus


def member_of(row: RowMapping) -> Member:
    return Member(
        id=MemberId(row["id"]),
        email=row["email"],
        full_name=row["full_name"],
        country=row["country"],
        created_at=row["created_at"],
        role=Role(row["role"]),
        tier=AffiliateTier(row["tier"]),
        status=AccountStatus(row["status"]),
        language=row["language"],
        time_zone=row["time_zone"],
        phone=row["phone"],
        email_verified_at=row["email_verified_at"],
        terms_version=row["terms_version"],
        two_factor=row["two_factor"],
        affiliate_code=row["affiliate_code"],
        referred_by=row["referred_by"],
    )


def member_row(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "email": member.email,
        "full_name": member.full_name,
        "country": member.country,
        "created_at": member.created_at,
        "role": member.role.value,
        "tier": member.tier.value,
        "status": member.status.value,
        "language": member.language,
        "time_zone": member.time_zone,
        "phone": member.phone,
        "email_verified_at": member.email_verified_at,
        "terms_version": member.terms_version,
        "two_factor": member.two_factor,
        "affiliate_code": member.affiliate_code,
        "referred_by": member.referred_by,
    }


def credential_of(row: RowMapping) -> Credential:
    return Credential(member_of(row), row["password_hash"])


def membership_of(row: RowMapping) -> Membership:
    return Membership(MemberId(row["id"]), PlanCode(row["plan"]), row["plan_since"])


def membership_row(membership: Membership) -> dict[str, Any]:
    return {"plan": membership.plan.value, "plan_since": membership.since}


def session_of(row: RowMapping) -> Session:
    return Session(
        id=SessionId(row["id"]),
        member=MemberId(row["member"]),
        refresh_hash=row["refresh_hash"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        spent_hashes=tuple(row["spent_hashes"]),
        revoked_at=row["revoked_at"],
    )


def session_row(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "member": session.member,
        "refresh_hash": session.refresh_hash,
        "spent_hashes": list(session.spent_hashes),
        "created_at": session.created_at,
        "expires_at": session.expires_at,
        "used_at": session.used_at,
        "revoked_at": session.revoked_at,
    }


def wishes_of(row: RowMapping | None) -> Wishes:
    return Wishes(0, {}) if row is None else Wishes(row["version"], row["wishes"])


def account_of(row: RowMapping) -> ExchangeAccount:
    return ExchangeAccount(
        id=AccountId(row["id"]),
        member=MemberId(row["member"]),
        venue=Venue(row["venue"]),
        environment=Environment(row["environment"]),
        label=row["label"],
        last4=row["last4"],
        created_at=row["created_at"],
        status=KeyStatus(row["status"]),
        can_trade=row["can_trade"],
        can_withdraw=row["can_withdraw"],
        hedge=row["hedge"],
    )


def account_row(account: ExchangeAccount) -> dict[str, Any]:
    return {
        "id": account.id,
        "member": account.member,
        "venue": account.venue.value,
        "environment": account.environment.value,
        "label": account.label,
        "last4": account.last4,
        "created_at": account.created_at,
        "status": account.status.value,
        "can_trade": account.can_trade,
        "can_withdraw": account.can_withdraw,
        "hedge": account.hedge,
    }
