"""From one signal each member gets his own orders, or every reason why not."""

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.identity.model import AccountStatus, AffiliateTier
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import MemberId, OrderId, TaskId
from cbc_domain.kernel.money import BRL, USD, Money
from cbc_domain.kernel.venues import Environment, Side, Venue
from cbc_domain.plans.model import PlanCode
from cbc_domain.risk.defaults import SizingReading, SystemLimits
from cbc_domain.risk.eligibility import ordered
from cbc_domain.risk.model import Activity, EquityBase, KeyStatus, LiveGate, Reason, Stop, StopLevel, StopScope, TradingWindow
from cbc_domain.signals.model import Decision, SignalKind, StrategyState
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import CloseReason, Leg, Ordered, OrderState, Skipped, TaskAction
from cbc_domain.trading.opening import Opening
from cbc_domain.trading.orders import Cancelled, Filled, Sent, apply
from cbc_domain.trading.planning import plan, plan_close, wanted_accounts
from cbc_domain.trading.positions import apply_fill
from cbc_domain.trading.sizes import Bracket, Quote, SizeFlag
from tests.strategies.trading import (
    BTC,
    BTC_RULES,
    IDS,
    LIVE_ACCOUNT,
    MEMBER,
    NOW,
    TESTNET_ACCOUNT,
    account_of,
    activity_in,
    candidate_ready,
    fill_of,
    opening_of,
    order_of,
    position_of,
    reading_of,
    signal_of,
)

Case = tuple[Candidate, Opening]
Spoil = Callable[[Candidate, Opening], Case]

LIVE = (Venue.BYBIT, Environment.LIVE)


def stop(scope: StopScope, target: str | None) -> Stop:
    return Stop(scope, target, StopLevel.PAUSE, "exchange is down", "operator", NOW)


def active(**changes: object) -> Spoil:
    """Change the member's activity in live trading."""
    change: Callable[..., Activity] = attrs.evolve

    def spoil(candidate: Candidate, opening: Opening) -> Case:
        activity = change(activity_in(), **changes)
        return attrs.evolve(candidate, activities=(activity,)), opening

    return spoil


def wishing(**changes: object) -> Spoil:
    change: Callable[..., Candidate] = attrs.evolve
    evolve: Callable[..., object] = attrs.evolve
    return lambda candidate, opening: (change(candidate, settings=evolve(candidate.settings, **changes)), opening)


def member(**changes: object) -> Spoil:
    change: Callable[..., Candidate] = attrs.evolve
    return lambda candidate, opening: (change(candidate, **changes), opening)


def market(**changes: object) -> Spoil:
    change: Callable[..., Opening] = attrs.evolve
    return lambda candidate, opening: (candidate, change(opening, **changes))


def rules(**changes: object) -> Spoil:
    change: Callable[..., object] = attrs.evolve
    return market(instruments={LIVE: change(BTC_RULES, **changes)})


def equity(text: str, base: EquityBase | None = None) -> Spoil:
    worth = Decimal(text)

    def spoil(candidate: Candidate, opening: Opening) -> Case:
        activity = attrs.evolve(activity_in(), base=base or EquityBase(worth, worth, worth))
        readings = {LIVE_ACCOUNT.id: reading_of(LIVE_ACCOUNT, text)}
        return attrs.evolve(candidate, activities=(activity,)), attrs.evolve(opening, readings=readings)

    return spoil


def base(day: str, week: str, peak: str) -> EquityBase:
    return EquityBase(Decimal(day), Decimal(week), Decimal(peak))


def reading(**changes: object) -> Spoil:
    change: Callable[..., object] = attrs.evolve
    return market(readings={LIVE_ACCOUNT.id: change(reading_of(LIVE_ACCOUNT), **changes)})


def decided(reason: Reason) -> Spoil:
    decision = Decision(False, reason, None, Decimal(1), "1")
    return market(signal=attrs.evolve(signal_of(), decision=decision))


def priced(price: str) -> Spoil:
    return market(signal=attrs.evolve(signal_of(), price=Decimal(price)))


INVALID_KEY = attrs.evolve(TESTNET_ACCOUNT, status=KeyStatus.INVALID)

SPOILED: list[tuple[str, Spoil, set[Reason]]] = [
    (
        "suspended",
        lambda candidate, opening: (
            attrs.evolve(candidate, member=attrs.evolve(candidate.member, status=AccountStatus.SUSPENDED)),
            opening,
        ),
        {Reason.ACCOUNT_NOT_ACTIVE},
    ),
    ("switched off", wishing(auto_trade_enabled=False), {Reason.TRADING_DISABLED}),
    ("paused by himself", member(paused=True), {Reason.EMERGENCY_STOP}),
    ("everything stopped", market(stops=[stop(StopScope.GLOBAL, None)]), {Reason.EMERGENCY_STOP}),
    ("venue stopped", market(stops=[stop(StopScope.EXCHANGE, "bybit")]), {Reason.EMERGENCY_STOP}),
    ("coin stopped", market(stops=[stop(StopScope.SYMBOL, "BTCUSDT")]), {Reason.EMERGENCY_STOP}),
    ("member stopped", market(stops=[stop(StopScope.USER, str(MEMBER))]), {Reason.EMERGENCY_STOP}),
    ("not subscribed", member(subscribed=False), {Reason.STRATEGY_NOT_SUBSCRIBED}),
    (
        "strategy paused",
        lambda candidate, opening: (
            candidate,
            attrs.evolve(opening, strategy=attrs.evolve(opening.strategy, state=StrategyState.PAUSED)),
        ),
        {Reason.STRATEGY_PAUSED},
    ),
    ("no key at all", member(accounts=()), {Reason.MODE_NOT_AVAILABLE}),
    ("key not valid", member(accounts=(INVALID_KEY,)), {Reason.KEY_NOT_VALID}),
    ("blocks the coin", wishing(blocked_symbols=frozenset({BTC})), {Reason.SYMBOL_BLOCKED_BY_MEMBER}),
    ("allows others only", wishing(allowed_symbols=frozenset({"ETHUSDT"})), {Reason.SYMBOL_BLOCKED_BY_MEMBER}),
    ("not listed", market(instruments={LIVE: None}), {Reason.SYMBOL_NOT_TRADABLE}),
    ("halted", rules(tradable=False), {Reason.SYMBOL_NOT_TRADABLE}),
    ("venue not read", market(instruments={}), {Reason.UNAVAILABLE}),
    ("outside hours", wishing(trading_hours=(TradingWindow(time(1), time(2)),)), {Reason.OUTSIDE_TRADING_HOURS}),
    ("too many open", active(open_symbols=frozenset({"ETHUSDT", "SOLUSDT"})), {Reason.POSITION_LIMIT}),
    ("coin blocked", active(blocked_coins=(("BTC", NOW + timedelta(seconds=1)),)), {Reason.COIN_BLOCKED}),
    ("has it already", active(open_symbols=frozenset({BTC})), {Reason.POSITION_EXISTS}),
    ("holds it by himself", reading(held=frozenset({BTC})), {Reason.POSITION_EXISTS}),
    ("lost 10% today", equity("900", base("1000", "1000", "1000")), {Reason.DAILY_LOSS_LIMIT}),
    ("lost 25% this week", equity("750", base("750", "1000", "750")), {Reason.WEEKLY_LOSS_LIMIT}),
    ("20% below his peak", equity("800", base("800", "800", "1000")), {Reason.DRAWDOWN_PAUSE}),
    ("not resumed", active(drawdown_paused=True), {Reason.DRAWDOWN_PAUSE}),
    ("on a losing streak", active(loss_streak_until=NOW + timedelta(seconds=1)), {Reason.LOSS_STREAK_PAUSE}),
    ("traded enough today", active(trades_today=10), {Reason.TRADES_PER_DAY}),
    (
        "volume used up",
        lambda candidate, opening: (
            attrs.evolve(candidate, activities=(attrs.evolve(activity_in(), notional_today=Decimal(5000)),)),
            attrs.evolve(opening, limits=SystemLimits(notional_per_day=Decimal(5000))),
        ),
        {Reason.DAILY_VOLUME_LIMIT},
    ),
    ("take not above stop", wishing(take_profit_multiplier=Decimal(2)), {Reason.SETTINGS_INVALID}),
    ("little equity", equity("24.99"), {Reason.EXCHANGE_BALANCE_TOO_LOW}),
    ("margin used up", reading(margin_in_use=Decimal(950)), {Reason.MARGIN_RESERVE}),
    ("margin in flight", active(margin_in_flight=Decimal(1000)), {Reason.MARGIN_RESERVE}),
    ("exposed enough", active(open_notional=Decimal(3000)), {Reason.EXPOSURE_CAP}),
    ("step too large", rules(step=Decimal(1), min_quantity=Decimal(1)), {Reason.QTY_BELOW_MINIMUM}),
    ("minimum too high", rules(min_notional=Decimal("1500.01")), {Reason.NOTIONAL_BELOW_MINIMUM}),
    ("stop beyond liquidation", rules(brackets=(Bracket(None, 5, Decimal("0.18")),)), {Reason.STOP_BEYOND_LIQUIDATION}),
    ("tick too coarse", rules(tick=Decimal(20000)), {Reason.TICK_TOO_COARSE}),
    ("direction refused", decided(Reason.DIRECTION_NOT_ALLOWED), {Reason.DIRECTION_NOT_ALLOWED}),
    ("vetoed", decided(Reason.AI_VETO), {Reason.AI_VETO}),
    ("criteria not met", decided(Reason.CRITERIA_NOT_MET), {Reason.CRITERIA_NOT_MET}),
    ("not decided", market(signal=attrs.evolve(signal_of(), decision=None)), {Reason.UNAVAILABLE}),
    ("price ran away", priced("59700"), {Reason.SLIPPAGE_TOO_HIGH}),
    ("no price to compare", market(signal=attrs.evolve(signal_of(), price=None)), {Reason.UNAVAILABLE}),
    ("no mark price", market(quotes={}), {Reason.UNAVAILABLE}),
    ("account not read", market(readings={}), {Reason.UNAVAILABLE}),
    ("account read long ago", reading(at=NOW - timedelta(seconds=10, microseconds=1)), {Reason.UNAVAILABLE}),
    (
        "price read long ago",
        market(quotes={LIVE: Quote(BTC, Decimal(60000), NOW - timedelta(seconds=61))}),
        {Reason.UNAVAILABLE},
    ),
    ("activity not read", member(activities=()), {Reason.UNAVAILABLE}),
    ("no equity to compare", active(base=None), {Reason.UNAVAILABLE}),
    ("ten orders a minute", member(recent_orders=10), {Reason.RATE_LIMITED}),
    (
        "too late",
        market(signal=attrs.evolve(signal_of(), received_at=NOW - timedelta(seconds=120, microseconds=1))),
        {Reason.WINDOW_EXPIRED},
    ),
]


def planned(candidate: Candidate, opening: Opening) -> Ordered:
    part = plan(candidate, opening, IDS)
    assert isinstance(part, Ordered), part
    return part


def refused(candidate: Candidate, opening: Opening) -> Skipped:
    part = plan(candidate, opening, IDS)
    assert isinstance(part, Skipped), part
    return part


def test_a_member_who_passes_every_check_gets_his_orders() -> None:
    """rules: ELG-04, SIZ-01, ORD-09, ORD-02"""
    part = planned(candidate_ready(), opening_of())

    assert (part.position.environment, part.position.account, part.failing_gates) == (Environment.LIVE, LIVE_ACCOUNT.id, ())
    assert [(order.leg, order.trigger, order.state) for order in part.orders] == [
        (Leg.ENTRY, None, OrderState.CREATED),
        (Leg.STOP, Decimal("58800.0"), OrderState.CREATED),
        (Leg.TARGET, Decimal("61800.0"), OrderState.CREATED),
    ]
    assert {order.quantity for order in part.orders} == {Decimal("0.025")}
    assert {order.seq for order in part.orders} == {0}


def test_his_task_has_the_priority_of_his_plan_and_ends_with_the_window() -> None:
    """rules: PRI-01, SIG-21"""
    task = planned(candidate_ready(), opening_of()).task

    assert (task.id, task.action, task.base_priority) == (IDS.task, TaskAction.OPEN, 500)
    assert task.not_after == NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("real", "admin", "base_priority"),
    [((Money(10_000, BRL),), (), 450), ((), (Money(10_000, BRL),), 400), ((Money(9_999, BRL),), (Money(1, BRL),), 400)],
)
def test_a_prepaid_member_comes_earlier_with_money_of_his_own(
    real: tuple[Money, ...], admin: tuple[Money, ...], base_priority: int
) -> None:
    """rules: PRI-01"""
    candidate = attrs.evolve(candidate_ready(), plan=PlanCode.FLEX_BR, real=real, admin=admin)

    assert planned(candidate, opening_of()).task.base_priority == base_priority


def test_the_terms_are_frozen_as_they_are_today() -> None:
    """rules: COM-04, PLAN-11"""
    affiliate = MemberId(UUID(int=77))
    candidate = attrs.evolve(candidate_ready(), affiliate=affiliate, affiliate_tier=AffiliateTier.VIP)

    terms = planned(candidate, opening_of()).position.terms

    assert (terms.plan, terms.rate, terms.billing) == (PlanCode.PRO_BR, Decimal("0.10"), BRL)
    assert (terms.affiliate, terms.tier) == (affiliate, AffiliateTier.VIP)


def test_without_an_affiliate_there_is_no_tier() -> None:
    """rules: COM-04"""
    candidate = attrs.evolve(candidate_ready(), affiliate=None, affiliate_tier=AffiliateTier.VIP)

    assert planned(candidate, opening_of()).position.terms.tier is AffiliateTier.NONE


@pytest.mark.parametrize(("name", "spoil", "expected"), SPOILED, ids=[name for name, _, _ in SPOILED])
def test_a_failing_check_skips_the_task_with_its_reason(name: str, spoil: Spoil, expected: set[Reason]) -> None:
    """rules: ELG-04, ELG-05, ELG-06, ORD-06, ORD-15, POS-03, POS-20, RSK-01, RSK-20, SIG-21"""
    part = refused(*spoil(candidate_ready(), opening_of()))

    assert set(part.reasons) == expected, name


@given(st.lists(st.sampled_from(SPOILED), min_size=2, max_size=4, unique_by=lambda one: one[0]))
def test_reasons_are_told_in_the_order_of_the_book_each_once(spoils: list[tuple[str, Spoil, set[Reason]]]) -> None:
    """rules: ELG-04"""
    candidate, opening = candidate_ready(), opening_of()
    for _, spoil, _ in spoils:
        candidate, opening = spoil(candidate, opening)

    part = refused(candidate, opening)

    assert part.reasons == ordered(part.reasons)


def test_every_failing_reason_is_stored_and_the_first_is_the_headline() -> None:
    """rules: ELG-04"""
    candidate, opening = candidate_ready(), opening_of()
    for spoil in (priced("59000"), equity("900", base("1000", "1000", "1000")), member(paused=True, subscribed=False)):
        candidate, opening = spoil(candidate, opening)

    assert refused(candidate, opening).reasons == (
        Reason.EMERGENCY_STOP,
        Reason.STRATEGY_NOT_SUBSCRIBED,
        Reason.DAILY_LOSS_LIMIT,
        Reason.SLIPPAGE_TOO_HIGH,
    )


def test_a_failing_gate_moves_the_trade_to_testnet_and_is_shown() -> None:
    """rules: ELG-02, ELG-04, PRI-01"""
    candidate = attrs.evolve(candidate_ready(), owes=(Money(1, USD),))

    part = planned(candidate, opening_of())

    assert (part.position.environment, part.position.account) == (Environment.TESTNET, TESTNET_ACCOUNT.id)
    assert part.failing_gates == (LiveGate.DEBT_OUTSTANDING,)
    assert part.task.base_priority == 50


def test_a_failing_gate_without_a_testnet_key_skips_the_task() -> None:
    """rules: ELG-04"""
    candidate = attrs.evolve(candidate_ready(), accounts=(LIVE_ACCOUNT,), rehearsal_trades=4)

    part = refused(candidate, opening_of())

    assert (part.reasons, part.environment) == ((Reason.MODE_NOT_AVAILABLE,), Environment.TESTNET)
    assert part.failing_gates == (LiveGate.REHEARSAL_INCOMPLETE,)


def test_live_needs_the_switch_and_the_process() -> None:
    """rules: ELG-02"""
    part = planned(candidate_ready(), attrs.evolve(opening_of(), process_allows_live=False))

    assert (part.position.environment, part.failing_gates) == (Environment.TESTNET, (LiveGate.LIVE_FLAG_OFF,))


def test_a_paper_member_trades_on_his_paper_account_without_money_or_plan() -> None:
    """rules: ELG-07, ELG-08"""
    paper = account_of(5, Environment.PAPER, Venue.PAPER)
    poor = attrs.evolve(candidate_ready(Environment.PAPER), plan=PlanCode.NONE, real=(), accounts=(paper,))
    where = (Venue.PAPER, Environment.PAPER)
    calm = opening_of()
    opening = attrs.evolve(
        calm, instruments={where: BTC_RULES}, quotes={where: calm.quotes[LIVE]}, readings={paper.id: reading_of(paper)}
    )

    part = planned(poor, opening)

    assert (part.position.venue, part.position.terms.rate) == (Venue.PAPER, None)


@pytest.mark.parametrize(("mode", "accounts"), [(Environment.LIVE, 2), (Environment.TESTNET, 1), (Environment.PAPER, 0)])
def test_only_the_accounts_that_may_be_used_are_read(mode: Environment, accounts: int) -> None:
    """rules: ELG-04, SIZ-02"""
    assert len(wanted_accounts(candidate_ready(mode))) == accounts


def test_another_venue_is_used_when_the_preferred_one_does_not_list_the_coin() -> None:
    """rules: ORD-05"""
    okx = account_of(6, venue=Venue.OKX)
    calm = opening_of()
    elsewhere = (Venue.OKX, Environment.LIVE)
    opening = attrs.evolve(
        calm,
        instruments={LIVE: None, elsewhere: BTC_RULES},
        quotes={elsewhere: calm.quotes[LIVE]},
        readings={account.id: reading_of(account, "500") for account in (LIVE_ACCOUNT, okx)},
    )

    part = planned(attrs.evolve(candidate_ready(), accounts=(LIVE_ACCOUNT, okx)), opening)

    assert (part.position.venue, part.position.account) == (Venue.OKX, okx.id)


def test_the_size_factor_counts_once() -> None:
    """rules: SIZ-03"""
    halved = attrs.evolve(signal_of(), decision=Decision(True, "approved", None, Decimal("0.5"), "1"))

    size = planned(candidate_ready(), opening_of(halved)).position.size

    assert (size.quantity, size.flags) == (Decimal("0.012"), (SizeFlag.REDUCED_HALF,))


def test_a_wish_beyond_the_limits_is_clamped_when_it_is_used() -> None:
    """rules: CFG-01, CFG-15, SIZ-04"""
    candidate, opening = wishing(default_leverage=8, max_leverage=10)(candidate_ready(), opening_of())
    newcomer = attrs.evolve(candidate, live_since=NOW - timedelta(days=29))

    assert planned(candidate, opening).position.size.leverage == 8
    assert planned(newcomer, opening).position.size.leverage == 5


def test_under_the_price_reading_the_distances_grow_with_leverage() -> None:
    """rules: SIZ-13"""
    opening = opening_of()
    switched = attrs.evolve(opening, switches=attrs.evolve(opening.switches, sizing_reading=SizingReading.PRICE_NOTIONAL))

    position = planned(candidate_ready(), switched).position

    assert (position.stop_multiplier, position.take_multiplier) == (Decimal(10), Decimal(15))
    assert (position.size.stop_loss, position.size.take_profit) == (Decimal(54000), Decimal(69000))


@pytest.mark.parametrize(("price", "traded"), [("59701.5", True), ("60301.5", True), ("59700", False), ("60303", False)])
def test_the_price_may_have_moved_half_a_percent(price: str, *, traded: bool) -> None:
    """rules: ORD-06"""
    part = plan(*priced(price)(candidate_ready(), opening_of()), IDS)

    assert isinstance(part, Ordered) == traded


def test_without_a_signal_price_the_mark_price_of_five_seconds_ago_is_compared() -> None:
    """rules: ORD-06"""
    opening = opening_of(attrs.evolve(signal_of(), price=None))
    earlier = attrs.evolve(opening.quotes[LIVE], price=Decimal(59000), at=NOW - timedelta(seconds=5))

    assert refused(candidate_ready(), attrs.evolve(opening, earlier={LIVE: earlier})).reasons == (Reason.SLIPPAGE_TOO_HIGH,)
    assert planned(candidate_ready(), attrs.evolve(opening, earlier=opening.quotes)).position.symbol == BTC


@pytest.mark.parametrize(("age", "traded"), [(timedelta(seconds=120), True), (timedelta(seconds=120, microseconds=1), False)])
def test_the_window_includes_its_last_instant(age: timedelta, *, traded: bool) -> None:
    """rules: SIG-21"""
    part = plan(candidate_ready(), opening_of(attrs.evolve(signal_of(), received_at=NOW - age)), IDS)

    assert isinstance(part, Ordered) == traded


def test_a_short_is_protected_the_other_way_round() -> None:
    """rules: SIZ-08"""
    part = planned(candidate_ready(), opening_of(signal_of(SignalKind.OPEN_SHORT_STRONG, Side.SHORT)))

    assert (part.position.side, part.position.size.stop_loss, part.position.size.take_profit) == (
        Side.SHORT,
        Decimal(61200),
        Decimal(58200),
    )


def test_a_signal_that_opens_nothing_is_not_planned() -> None:
    """rules: DEC-06"""
    with pytest.raises(Conflict, match="state_conflict"):
        plan(candidate_ready(), opening_of(signal_of(SignalKind.CLOSE_LONG, Side.LONG)), IDS)


def test_a_close_is_critical_has_no_end_and_names_its_reason() -> None:
    """rules: PRI-01, SIG-22, POS-05"""
    sent, fill = apply(order_of(position_of()), Sent(NOW)), fill_of("in", "4", "100")
    position, entry = apply_fill(position_of(), sent, fill), apply(apply(sent, Filled(fill)), Cancelled(NOW))

    task, order = plan_close(position, [entry], None, CloseReason.MANUAL, TaskId(UUID(int=50)), OrderId(UUID(int=51)), NOW)

    assert (task.action, task.base_priority, task.not_after, task.reason) == (TaskAction.CLOSE, 1000, None, "MANUAL")
    assert (order.leg, order.seq, order.quantity, order.trigger) == (Leg.EXIT, 0, Decimal(4), None)


def test_a_close_may_sell_what_its_entry_may_still_buy() -> None:
    """rules: ORD-08, ORD-11"""
    sent, fill = apply(order_of(position_of()), Sent(NOW)), fill_of("in", "4", "100")
    position, entry = apply_fill(position_of(), sent, fill), apply(sent, Filled(fill))

    _, order = plan_close(position, [entry], None, CloseReason.MANUAL, TaskId(UUID(int=50)), OrderId(UUID(int=51)), NOW)

    assert order.quantity == entry.quantity == Decimal(10)


def test_a_close_before_the_first_fill_covers_all_that_may_fill() -> None:
    """rules: ORD-11, SIG-22"""
    _, order = plan_close(position_of(), [], None, CloseReason.SIGNAL, TaskId(UUID(int=50)), OrderId(UUID(int=51)), NOW)

    assert order.quantity == Decimal(10)


def test_an_exit_that_waits_is_not_doubled() -> None:
    """rules: ORD-03, ORD-11"""
    waiting = apply(order_of(position_of(), Leg.EXIT), Sent(NOW))

    _, order = plan_close(position_of(), [waiting], None, CloseReason.SIGNAL, TaskId(UUID(int=50)), OrderId(UUID(int=51)), NOW)

    assert order == waiting


@pytest.mark.parametrize("end", [Cancelled(NOW), Filled(fill_of("x", "10", "1"))])
def test_an_exit_that_ended_before_the_position_is_followed_by_another(end: Cancelled | Filled) -> None:
    """rules: ORD-03, POS-06"""
    ended = apply(apply(order_of(position_of(), Leg.EXIT), Sent(NOW)), end)

    _, order = plan_close(position_of(), [ended], None, CloseReason.SIGNAL, TaskId(UUID(int=50)), OrderId(UUID(int=51)), NOW)

    assert (order.id, order.seq) == (OrderId(UUID(int=51)), 1)
    assert order.client_id != ended.client_id
