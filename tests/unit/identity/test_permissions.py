"""Who is shown as what, and whose rows he reaches."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.identity.model import AffiliateTier, Member, Permission, Region, Role, Scope, UserType
from cbc_domain.identity.rules import PERMISSIONS, TWO_FACTOR_ROLES, scope_of, user_type
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL, USD
from tests.rulebook import table
from tests.strategies.ledger import NOW

ROLES: Mapping[str, Any] = table("roles")


def member_of(role: Role, tier: AffiliateTier = AffiliateTier.NONE, country: str = "BR") -> Member:
    return Member(MemberId(UUID(int=1)), "m@example.com", "A Member", country, NOW, role=role, tier=tier)


def shown_as(user: str) -> Member:
    tiers = {"AFFILIATE": AffiliateTier.NORMAL, "AFFILIATE_VIP": AffiliateTier.VIP}
    return member_of(Role.USER if user in tiers else Role(user), tiers.get(user, AffiliateTier.NONE))


@pytest.mark.parametrize("case", ROLES["derivation_cases"], ids=lambda case: f"{case['role']}-{case['tier']}")
def test_a_member_is_shown_by_role_and_then_by_tier(case: Mapping[str, Any]) -> None:
    """rules: ROL-01"""
    member = member_of(Role(case["role"]), AffiliateTier(case["tier"]))

    assert user_type(member.role, member.tier) == case["user_type"]
    assert (scope_of(member, Permission.AFFILIATE_SCREENS) is not Scope.NONE) is case["affiliate_permission"]


@pytest.mark.parametrize(
    ("permission", "user", "scope"),
    [(permission, user, scope) for permission, row in ROLES["permissions"].items() for user, scope in row.items()],
)
def test_every_permission_reaches_what_the_table_says(permission: str, user: str, scope: str) -> None:
    """rules: ROL-02, ROL-03"""
    assert scope_of(shown_as(user), Permission(permission)) == scope


def test_the_vocabulary_is_the_books() -> None:
    """rules: ROL-01, ROL-03"""
    assert [role.value for role in Role] == ROLES["stored_roles"]
    assert [tier.value for tier in AffiliateTier] == ROLES["affiliate_tiers"]
    assert [user.value for user in UserType] == ROLES["wire_user_types"]
    assert [scope.value for scope in Scope] == ROLES["scopes"]
    assert {permission.value for permission in Permission} == set(ROLES["permissions"])
    assert set(PERMISSIONS) == set(Permission)
    assert {role.value for role in TWO_FACTOR_ROLES} == set(ROLES["two_factor_mandatory"])


@given(st.sampled_from(Role), st.sampled_from(AffiliateTier), st.sampled_from(Permission))
def test_a_tier_never_takes_a_permission_away(role: Role, tier: AffiliateTier, permission: Permission) -> None:
    """rules: ROL-01, ROL-03"""
    order = [Scope.NONE, Scope.OWN, Scope.ALL]

    with_tier = scope_of(member_of(role, tier), permission)

    assert order.index(with_tier) >= order.index(scope_of(member_of(role), permission))


@given(st.sampled_from(AffiliateTier), st.sampled_from(Permission))
def test_nobody_but_staff_reaches_other_members_rows(tier: AffiliateTier, permission: Permission) -> None:
    """rules: ROL-03"""
    assert scope_of(member_of(Role.USER, tier), permission) is not Scope.ALL


def test_brazil_pays_in_reais_and_everybody_else_in_dollars() -> None:
    """rules: MON-04"""
    assert member_of(Role.USER, country="BR").region is Region.BR
    assert member_of(Role.USER, country="PT").region is Region.INTL
    assert (Region.BR.billing, Region.INTL.billing) == (BRL, USD)
