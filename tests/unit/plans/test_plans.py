"""Which plans there are and who may hold them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.identity.model import Region
from cbc_domain.kernel.errors import Invalid
from cbc_domain.plans.model import PlanCode
from cbc_domain.plans.rules import MOST_POSITIONS, PLANS, most_positions, plan, plan_in
from tests.rulebook import cases, table


@pytest.mark.parametrize("row", cases("plans"))
def test_every_plan_is_as_the_book_says(row: Mapping[str, Any]) -> None:
    """rules: PLAN-01, PLAN-02, GEN-05"""
    known = plan(row["code"])

    assert known.kind == row["kind"]
    assert known.region == (None if row["region"] == "ANY" else row["region"])
    assert str(known.price) == row["price"]
    assert known.commission_rate == (None if row["commission_rate"] is None else Decimal(row["commission_rate"]))
    assert known.live_allowed is row["live_allowed"]
    assert known.max_positions == row["max_positions"]
    assert row["billing_currency"] in ("by member region", known.region and known.region.billing.code)


def test_there_is_no_plan_beside_those_of_the_book() -> None:
    """rules: PLAN-01"""
    assert set(PLANS) == set(PlanCode)
    assert [code.value for code in PLANS] == [row["code"] for row in table("plans")]


@given(st.text().filter(lambda text: text not in set(PlanCode)))
def test_an_unknown_plan_is_an_error_never_a_default(code: str) -> None:
    """rules: PLAN-02"""
    with pytest.raises(Invalid) as refused:
        plan(code)

    assert refused.value.code == "plan_unknown"


@pytest.mark.parametrize(
    ("code", "region"),
    [
        (PlanCode.FLEX_BR, Region.BR),
        (PlanCode.PRO_US, Region.INTL),
        (PlanCode.TRIAL, Region.BR),
        (PlanCode.TRIAL, Region.INTL),
        (PlanCode.NONE, Region.INTL),
    ],
)
def test_a_member_may_hold_plans_of_his_region(code: PlanCode, region: Region) -> None:
    """rules: PLAN-04"""
    assert plan_in(code, region).code is code


@pytest.mark.parametrize(("code", "region"), [(PlanCode.FLEX_BR, Region.INTL), (PlanCode.PRO_US, Region.BR)])
def test_a_plan_of_another_region_is_refused(code: PlanCode, region: Region) -> None:
    """rules: PLAN-04"""
    with pytest.raises(Invalid) as refused:
        plan_in(code, region)

    assert refused.value.code == "plan_wrong_region"


@given(st.sampled_from(PlanCode), st.integers(0, 20))
def test_a_plan_only_tightens_the_systems_limit(code: PlanCode, system_limit: int) -> None:
    """rules: PLAN-15"""
    assert most_positions(PLANS[code], system_limit) <= min(system_limit, MOST_POSITIONS)


def test_a_plan_allows_two_positions_by_default() -> None:
    """rules: PLAN-15"""
    assert most_positions(PLANS[PlanCode.PRO_BR]) == 2
