"""JSON columns give back exactly what was put in, and nothing that only looks like it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from cbc_adapters.persistence.postgres.documents import dump_json, from_document, load_json, to_document
from cbc_adapters.persistence.postgres.tables.metadata import document
from cbc_domain.commissions.model import Terms
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.ids import MemberId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.market.model import (
    Direction,
    Dominance,
    FearGreed,
    MarketCode,
    MarketReading,
    Observation,
    Pulse,
)
from cbc_domain.plans.model import CommissionBasis, PlanCode
from cbc_domain.signals.model import Criteria, Decision

numbers = st.decimals(allow_nan=False, allow_infinity=False)
instants = st.integers(0, 2**52).map(
    lambda microseconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
decisions = st.builds(
    Decision,
    approved=st.booleans(),
    reason=st.text(),
    criteria=st.none() | st.builds(Criteria, st.booleans(), st.booleans(), st.booleans(), st.booleans()),
    size_factor=numbers,
    rule_version=st.text(),
)
terms = st.builds(
    Terms,
    plan=st.sampled_from(PlanCode),
    rate=st.none() | numbers,
    billing=st.sampled_from((BRL, USD)),
    affiliate=st.none() | st.uuids().map(MemberId),
    tier=st.sampled_from(AffiliateTier),
    basis=st.sampled_from(CommissionBasis),
)
readings = st.builds(
    MarketReading,
    observation=st.builds(
        Observation,
        at=instants,
        fear_greed=st.none() | st.builds(FearGreed, st.integers(0, 100), instants, instants),
        pulse=st.none() | st.builds(Pulse, numbers, numbers, st.integers(0, 100), instants),
        btc_dominance=st.none() | numbers,
        sources=st.lists(st.text()).map(tuple),
        simulated=st.booleans(),
    ),
    direction=st.sampled_from(Direction),
    code=st.sampled_from(MarketCode),
    confidence=numbers,
    divergence=st.booleans(),
    size_factor=numbers,
    dominance=st.sampled_from(Dominance),
    rule_version=st.text(),
)


@given(st.one_of(decisions, terms, readings, st.builds(Money, st.integers(-(2**63) + 1, 2**63 - 1), st.just(BRL))))
def test_a_value_comes_back_as_it_was(value: object) -> None:
    """rules: DAT-04"""
    text = dump_json(to_document(value))

    found: object = from_document(load_json(text), type(value))

    assert found == value
    assert repr(found) == repr(value)


async def test_the_database_keeps_every_digit(engine: AsyncEngine) -> None:
    """rules: DAT-04"""
    written = {"exact": "0.1000000000000000000000000001", "number": 12345678901234567890, "none": None}

    async with engine.connect() as connection:
        found = await connection.scalar(select(bindparam("written", written, document)))

    assert found == written


def test_numbers_with_a_point_are_never_float() -> None:
    """rules: GEN-02"""
    assert load_json("[0.1, 1e3]") == [Decimal("0.1"), Decimal("1E+3")]


@pytest.mark.parametrize(
    "damaged",
    [
        {"minor": 5.0, "currency": "BRL"},
        {"minor": True, "currency": "BRL"},
        {"minor": "5", "currency": "BRL"},
        {"minor": 5, "currency": "EUR"},
        {"minor": 5, "currency": "BRL", "more": 1},
        {"minor": 5},
    ],
)
def test_what_only_looks_like_a_value_is_refused(damaged: object) -> None:
    with pytest.raises((ExceptionGroup, ValueError)):
        from_document(damaged, Money)


@pytest.mark.parametrize("word", ["nan", "Infinity", "", "1,5", 1])
def test_a_rate_is_finite_decimal_text(word: object) -> None:
    document = {"approved": True, "reason": "approved", "criteria": None, "size_factor": word, "rule_version": "1"}

    with pytest.raises(ExceptionGroup):
        from_document(document, Decision)
