"""Live trading needs every gate, testnet needs none, and reasons are told in one order."""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.plans.model import PlanCode
from cbc_domain.plans.rules import PLANS
from cbc_domain.risk.eligibility import (
    LiveFacts,
    account_reason,
    choose_account,
    effective_environment,
    live_gates,
    meets_minimum,
    ordered,
    symbol_allowed,
    usable_accounts,
    within_hours,
)
from cbc_domain.risk.model import ExchangeAccount, KeyStatus, LiveGate, Reason, TradingSettings, TradingWindow
from tests.rulebook import cases, table
from tests.strategies.trading import BTC, LIMITS, LIVE_ACCOUNT, LIVE_ON, MEMBER, MEMBER_READY, NOW, account_of

GOOD: Mapping[str, Any] = table("live_gate_good_member")

accounts = st.lists(
    st.builds(
        ExchangeAccount,
        st.integers(1, 10**6).map(lambda number: AccountId(UUID(int=number))),
        st.just(MEMBER),
        st.sampled_from(Venue),
        st.sampled_from(Environment),
        st.just("main"),
        st.just("wxyz"),
        st.just(NOW),
        st.sampled_from(KeyStatus),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda account: account.id,
)


def money(text: object, code: str) -> Money:
    currency = BRL if code == "brl" else USD
    return Money.parse(str(text) if "." in str(text) else f"{text}.00", currency)


def facts_of(row: Mapping[str, Any]) -> LiveFacts:
    """A member as a row of the table describes him."""
    member = attrs.evolve(
        MEMBER_READY,
        email_verified_at=NOW if row["email_verified"] else None,
        terms_version="2026-01" if row["terms_accepted"] else None,
        two_factor=bool(row["two_factor"]),
    )
    return LiveFacts(
        member=member,
        plan=PLANS[PlanCode(str(row["plan"]))],
        mode=Environment(str(row["trading_mode"])),
        rehearsal_trades=int(row["rehearsal_trades"]),
        real=tuple(money(row[f"real_{code}"], code) for code in ("brl", "usd")),
        admin=tuple(money(row[f"admin_{code}"], code) for code in ("brl", "usd")),
        owes=tuple(money(row[f"debt_{code}"], code) for code in ("brl", "usd")),
        accounts=(account_of(0, can_trade=bool(row["live_key_valid"])),),
        process_allows_live=bool(row["live_flag"]),
        required_terms="2026-01",
    )


@given(st.lists(st.sampled_from(Reason)), st.data())
def test_the_order_of_reasons_does_not_depend_on_the_order_of_checks(reasons: list[Reason], data: st.DataObject) -> None:
    """rules: ELG-04"""
    shuffled = data.draw(st.permutations(reasons * 2))

    assert ordered(shuffled) == ordered(reasons)
    assert len(ordered(reasons)) == len(set(reasons))


@given(accounts, st.sampled_from(Environment), st.sampled_from(Venue), st.data())
def test_the_chosen_account_is_usable_and_does_not_depend_on_the_order_of_accounts(
    connected: list[ExchangeAccount], environment: Environment, preferred: Venue, data: st.DataObject
) -> None:
    """rules: ELG-04, ORD-05"""
    shuffled = data.draw(st.permutations(connected))

    chosen = choose_account(connected, environment, preferred, lambda _: True, lambda _: True)

    assert chosen == choose_account(shuffled, environment, preferred, lambda _: True, lambda _: True)
    usable = [one for one in connected if one.environment is environment and one.usable]
    assert (chosen in usable) if usable else (chosen is None)
    assert not any(one.venue is preferred for one in usable) or (chosen is not None and chosen.venue is preferred)


@given(st.integers(0, 20_000), st.integers(0, 4_000))
def test_each_currency_reaches_the_minimum_by_itself(brl: int, usd: int) -> None:
    """rules: ELG-03, MON-02"""
    assert meets_minimum((Money(brl, BRL), Money(usd, USD)), LIMITS) == (brl >= 10_000 or usd >= 2_000)


@pytest.mark.parametrize("case", cases("live_gate_cases"))
def test_the_failing_gates_are_those_of_the_book(case: Mapping[str, Any]) -> None:
    """rules: ELG-02, ELG-03, ELG-04"""
    facts = facts_of({**GOOD, **case["input"]["changes_to_good_member"]})

    gates = live_gates(facts, LIVE_ON, LIMITS)

    assert list(gates) == case["expect"]["blocked_by"]
    assert effective_environment(facts.mode, gates) == case["expect"]["mode"]


def test_all_failing_gates_are_told_in_the_order_of_the_book() -> None:
    """rules: ELG-02"""
    nobody = dict.fromkeys(GOOD, 0) | {"plan": "NONE", "trading_mode": "testnet", "debt_brl": "1.00"}

    assert live_gates(facts_of(nobody), LIVE_ON, LIMITS) == tuple(LiveGate)
    assert list(LiveGate) == table("live_gate_codes")


def test_a_switch_can_take_a_gate_away() -> None:
    """rules: ELG-02, ELG-03"""
    facts = facts_of({**GOOD, "two_factor": False, "rehearsal_trades": 0, "real_brl": "0"})
    switches = attrs.evolve(
        LIVE_ON,
        live_requires_two_factor=False,
        rehearsal_trades_required=0,
        min_operating_balance_waived_for_monthly=True,
    )

    assert live_gates(facts, switches, LIMITS) == ()
    prepaid = attrs.evolve(facts, plan=PLANS[PlanCode.FLEX_BR])
    assert live_gates(prepaid, switches, LIMITS) == (LiveGate.BALANCE_BELOW_MINIMUM,)


def test_an_older_version_of_the_terms_is_not_the_required_one() -> None:
    """rules: ELG-02"""
    facts = attrs.evolve(facts_of(GOOD), required_terms="2026-02")

    assert live_gates(facts, LIVE_ON, LIMITS) == (LiveGate.TERMS_NOT_ACCEPTED,)
    assert live_gates(attrs.evolve(facts, required_terms=None), LIVE_ON, LIMITS) == ()


@pytest.mark.parametrize("case", cases("eligibility_cases"))
def test_reasons_are_ordered_as_in_the_book(case: Mapping[str, Any]) -> None:
    """rules: ELG-04"""
    told = ordered(Reason(code) for code in case["input"]["failing"])

    assert list(told) == case["expect"]["reasons"]
    assert (told[0] if told else None) == case["expect"]["headline"]


def test_the_order_of_all_reasons_is_the_one_of_the_book() -> None:
    """rules: ELG-04"""
    book = table("eligibility_order")

    assert [reason for reason in ordered(Reason) if reason in book] == book
    assert set(Reason) - {Reason.RATE_LIMITED} == set(table("reason_codes"))
    assert Reason.RATE_LIMITED in {row["code"] for row in table("error_codes")}


def test_a_key_that_may_withdraw_or_is_not_valid_is_never_used() -> None:
    """rules: ELG-02, KEY-03"""
    unusable = [
        attrs.evolve(LIVE_ACCOUNT, can_withdraw=True),
        attrs.evolve(LIVE_ACCOUNT, can_trade=False),
        attrs.evolve(LIVE_ACCOUNT, status=KeyStatus.INVALID),
        attrs.evolve(LIVE_ACCOUNT, status=KeyStatus.REMOVED),
    ]

    assert usable_accounts(unusable, Environment.LIVE, Venue.BYBIT) == ()


@pytest.mark.parametrize(
    ("status", "reason"), [(KeyStatus.INVALID, Reason.KEY_NOT_VALID), (KeyStatus.REMOVED, Reason.MODE_NOT_AVAILABLE)]
)
def test_a_removed_key_is_no_key(status: KeyStatus, reason: Reason) -> None:
    """rules: ELG-04"""
    assert account_reason([attrs.evolve(LIVE_ACCOUNT, status=status)], Environment.LIVE) is reason


def test_among_other_venues_the_one_that_lists_the_coin_and_has_money_is_taken() -> None:
    """rules: ORD-05"""
    binance, okx, bitget = (account_of(n, venue=venue) for n, venue in ((1, Venue.BINANCE), (2, Venue.OKX), (3, Venue.BITGET)))
    everything = (binance, okx, bitget)

    chosen = choose_account(
        everything, Environment.LIVE, Venue.BYBIT, lambda one: one in (binance, okx), lambda one: one in (okx, bitget)
    )

    assert chosen == okx


@pytest.mark.parametrize(
    ("spreads", "expected"),
    [
        (("0.0003", "0.0002", "0.0001"), Venue.BITGET),
        (("0.0001", "0.0002", "0.0003"), Venue.BINANCE),
        ((None, "0.0002", "0.0003"), Venue.OKX),
        (("0.0002", "0.0002", None), Venue.BINANCE),
        ((None, None, None), Venue.BINANCE),
        (("0.0001", "0", "0.0001"), Venue.OKX),
    ],
)
def test_among_equals_the_lower_spread_is_taken_and_an_unknown_one_comes_last(
    spreads: tuple[str | None, ...], expected: Venue
) -> None:
    """rules: ORD-05"""
    others = tuple(account_of(n, venue=venue) for n, venue in ((1, Venue.BINANCE), (2, Venue.OKX), (3, Venue.BITGET)))
    known = {one: None if text is None else Decimal(text) for one, text in zip(others, spreads, strict=True)}

    chosen = choose_account(others, Environment.LIVE, Venue.BYBIT, lambda _: True, lambda _: True, known.get)

    assert chosen is not None
    assert chosen.venue is expected


def test_neither_money_nor_the_preferred_venue_is_given_up_for_a_spread() -> None:
    """rules: ORD-05"""
    binance, okx = account_of(1, venue=Venue.BINANCE), account_of(2, venue=Venue.OKX)
    spreads = {binance: Decimal("0.0001"), okx: Decimal("0.0009")}

    funded = choose_account([binance, okx], Environment.LIVE, Venue.BYBIT, lambda _: True, lambda one: one == okx, spreads.get)
    preferred = choose_account([binance, okx], Environment.LIVE, Venue.OKX, lambda _: True, lambda _: False, spreads.get)

    assert funded == preferred == okx


def test_a_venue_nobody_lists_the_coin_on_is_still_named() -> None:
    """rules: ELG-04"""
    assert choose_account([LIVE_ACCOUNT], Environment.LIVE, Venue.OKX, lambda _: False, lambda _: True) == LIVE_ACCOUNT


@pytest.mark.parametrize(
    ("allowed", "blocked", "through"),
    [((), (), True), (("BTCUSDT",), (), True), (("ETHUSDT",), (), False), ((), ("BTCUSDT",), False)],
)
def test_the_members_own_lists_decide_on_a_coin(allowed: tuple[str, ...], blocked: tuple[str, ...], *, through: bool) -> None:
    """rules: CFG-05"""
    settings = TradingSettings(allowed_symbols=frozenset(map(Symbol, allowed)), blocked_symbols=frozenset(map(Symbol, blocked)))

    assert symbol_allowed(settings, BTC) == through


@pytest.mark.parametrize(
    ("start", "end", "at", "inside"),
    [
        (9, 17, "2026-03-02T12:00", True),
        (9, 17, "2026-03-02T11:59", False),
        (9, 17, "2026-03-02T19:59", True),
        (9, 17, "2026-03-02T20:00", False),
        (22, 2, "2026-03-03T01:00", True),
        (22, 2, "2026-03-03T04:59", True),
        (22, 2, "2026-03-03T05:00", False),
        (22, 0, "2026-03-03T02:59", True),
        (22, 0, "2026-03-03T03:00", False),
    ],
)
def test_trading_hours_are_hours_of_the_members_zone(start: int, end: int, at: str, *, inside: bool) -> None:
    """rules: CFG-05, GEN-07, RSK-05"""
    settings = TradingSettings(trading_hours=(TradingWindow(time(start), time(end)),))

    assert within_hours(settings, "America/Sao_Paulo", datetime.fromisoformat(at).replace(tzinfo=UTC)) == inside


@pytest.mark.parametrize(
    ("at", "weekends", "inside"), [("07T02:59", False, True), ("07T03:00", False, False), ("07T03:00", True, True)]
)
def test_the_weekend_begins_at_midnight_of_the_members_zone(at: str, *, weekends: bool, inside: bool) -> None:
    """rules: CFG-05, RSK-05"""
    settings = TradingSettings(trade_weekends=weekends)
    moment = datetime.fromisoformat(f"2026-03-{at}").replace(tzinfo=UTC)

    assert within_hours(settings, "America/Sao_Paulo", moment) == inside
