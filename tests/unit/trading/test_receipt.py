"""Receipts: whatever is stored, the story is whole, in order, and says how it ended or what it waits for."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.model import AccountKind
from cbc_domain.risk.model import LiveGate, Reason
from cbc_domain.signals.model import Signal, SignalKind, SignalStatus
from cbc_domain.trading import steps
from cbc_domain.trading.facts import Facts, Source, Verdict
from cbc_domain.trading.model import (
    CloseReason,
    Leg,
    OrderState,
    Position,
    PositionState,
    Setback,
    Task,
    TaskAction,
    TaskState,
)
from cbc_domain.trading.receipt import Awaited, Outcome, Sight, Waiting, receipt, seen
from cbc_domain.trading.settlement import Settlement
from cbc_domain.trading.telling import step_facts, step_name
from tests.strategies import receipts as given_receipts
from tests.strategies.trading import MEMBER, NOW, SIGNAL, order_of, position_of, signal_of, task_of

FINISHED = [SignalStatus.PROCESSED, SignalStatus.EXPIRED, SignalStatus.REJECTED]
ENDS = {Outcome.REFUSED, Outcome.ABANDONED, Outcome.SETTLED}


def after(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def processed(kind: SignalKind = SignalKind.OPEN_LONG_STRONG, status: SignalStatus = SignalStatus.PROCESSED) -> Signal:
    return attrs.evolve(signal_of(kind), status=status, decided_at=NOW)


def open_task(attempts: int = 1, state: TaskState = TaskState.DONE) -> Task:
    return attrs.evolve(task_of(1, 450), member=MEMBER, position=position_of().id, attempts=attempts, state=state)


def kinds(signal: Signal, facts: Facts) -> list[str]:
    return [step_name(step) for step in receipt(signal, facts).steps]


@given(given_receipts.signals, given_receipts.facts)
def test_a_story_is_told_in_the_order_of_its_times(signal: Signal, facts: Facts) -> None:
    """rules: GEN-17"""
    times = [step.at for step in receipt(signal, facts).steps]

    assert times == sorted(times)


@given(given_receipts.signals, given_receipts.facts)
def test_a_story_has_one_end_or_says_what_it_waits_for(signal: Signal, facts: Facts) -> None:
    """rules: GEN-17, PRI-06"""
    told = receipt(signal, facts)
    ends = [step for step in told.steps if isinstance(step, steps.Ending)]

    assert len(ends) == (1 if told.outcome in ENDS else 0)
    assert ends or told.waits is not None


@given(given_receipts.signals, given_receipts.untraded)
def test_who_has_no_trade_of_a_finished_signal_has_a_reason(signal: Signal, facts: Facts) -> None:
    """rules: ELG-04"""
    decided = attrs.evolve(facts, verdict=facts.verdict if facts.verdict and facts.verdict.reasons else None)
    finished = attrs.evolve(signal, status=signal.status if signal.status in FINISHED else SignalStatus.PROCESSED)

    told = receipt(finished, decided)

    assert told.outcome is Outcome.REFUSED
    (refused,) = [step for step in told.steps if isinstance(step, steps.Refused)]
    assert refused.reasons == told.reasons
    assert len(refused.reasons) > 0


@given(given_receipts.signals, given_receipts.facts)
def test_every_step_can_be_told_in_plain_values(signal: Signal, facts: Facts) -> None:
    """rules: GEN-04"""
    for step in receipt(signal, facts).steps:
        for name, value in step_facts(step):
            assert name != "at"
            assert isinstance(value, str | int | Money | tuple)


@given(given_receipts.signals, given_receipts.traded(), st.sampled_from([Sight.OWN, Sight.TRADES]))
def test_only_who_sees_the_money_learns_of_the_affiliates_share(signal: Signal, facts: Facts, sight: Sight) -> None:
    """rules: ROL-03, ROL-06"""
    shown = [step for step in seen(receipt(signal, facts), sight).steps if isinstance(step, steps.Settled)]

    for step in shown:
        assert (step.affiliate, step.company) == (None, None)
        if sight is Sight.TRADES:
            assert (step.commission, step.sources, step.debt, step.journal) == (None, (), None, None)


def test_all_reasons_are_told_and_the_gates_that_fail() -> None:
    """rules: ELG-04, ELG-02"""
    verdict = Verdict(
        NOW + after(1), Environment.LIVE, (Reason.MODE_NOT_AVAILABLE, Reason.COIN_BLOCKED), (LiveGate.TWO_FACTOR_REQUIRED,)
    )

    told = receipt(processed(), Facts(MEMBER, verdict))

    assert told.steps[-1] == steps.Refused(
        NOW + after(1), ("mode_not_available", "coin_blocked"), Environment.LIVE, (LiveGate.TWO_FACTOR_REQUIRED,)
    )
    assert told.waits is None


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        (attrs.evolve(processed(status=SignalStatus.EXPIRED), reason="window_expired"), "window_expired"),
        (attrs.evolve(processed(status=SignalStatus.REJECTED), reason="strategy_paused"), "strategy_paused"),
        (attrs.evolve(processed(SignalKind.CONFIRM), reason="recorded_only"), "recorded_only"),
        (processed(SignalKind.CLOSE_LONG), "nothing_to_close"),
        (processed(), "not_planned"),
    ],
)
def test_a_member_without_a_part_learns_why(signal: Signal, reason: str) -> None:
    """rules: SIG-31, SIG-32"""
    assert receipt(signal, Facts(MEMBER)).reasons == (reason,)


@pytest.mark.parametrize(
    ("status", "verdict", "awaited"),
    [
        (SignalStatus.PENDING, None, Awaited.DECISION),
        (SignalStatus.PROCESSING, None, Awaited.PLAN),
    ],
)
def test_an_undecided_part_waits_for_the_signal(status: SignalStatus, verdict: Verdict | None, awaited: Awaited) -> None:
    """rules: SIG-31"""
    told = receipt(attrs.evolve(signal_of(), status=status), Facts(MEMBER, verdict))

    assert (told.outcome, told.waits) == (Outcome.WAITING, Waiting(awaited, NOW))


def entering(
    state: OrderState = OrderState.CREATED,
    *,
    sent_at: datetime | None = None,
    lost_at: datetime | None = None,
    acked_at: datetime | None = None,
) -> Facts:
    position = position_of()
    entry = attrs.evolve(order_of(position), state=state, sent_at=sent_at, lost_at=lost_at, acked_at=acked_at)
    return Facts(MEMBER, Verdict(NOW, Environment.LIVE), position, (entry,), (open_task(state=TaskState.WAITING),))


@pytest.mark.parametrize(
    ("facts", "awaited", "since"),
    [
        (entering(), Awaited.TURN, NOW),
        (entering(state=OrderState.SUBMITTED, sent_at=NOW + after(1)), Awaited.ANSWER, NOW + after(1)),
        (
            entering(state=OrderState.UNKNOWN, sent_at=NOW + after(1), lost_at=NOW + after(3)),
            Awaited.ANSWER,
            NOW + after(3),
        ),
        (
            entering(state=OrderState.ACKED, sent_at=NOW + after(1), acked_at=NOW + after(2)),
            Awaited.FILL,
            NOW + after(2),
        ),
    ],
)
def test_an_entry_says_what_it_waits_for(facts: Facts, awaited: Awaited, since: object) -> None:
    """rules: ORD-01, ORD-04"""
    waits = receipt(processed(), facts).waits

    assert waits is not None
    assert (waits.awaited, waits.since) == (awaited, since)
    assert waits.again_at == facts.tasks[0].due_at


def test_lost_answers_and_refusals_for_now_are_steps_of_their_own() -> None:
    """rules: ORD-04, ORD-07"""
    facts = entering(state=OrderState.ACKED, sent_at=NOW + after(1), lost_at=NOW + after(3), acked_at=NOW + after(9))
    name = facts.orders[0].client_id
    put_off = Setback(name, NOW + after(2), "RATE_LIMIT")

    told = receipt(processed(), attrs.evolve(facts, setbacks=(put_off, Setback(name, NOW + after(3), "lost"))))

    unanswered = [(step.at, step.code) for step in told.steps if isinstance(step, steps.Unanswered)]
    assert unanswered == [(NOW + after(2), "RATE_LIMIT"), (NOW + after(3), "lost")]
    assert step_name(told.steps[-1]) == "acknowledged"


def held() -> Position:
    return attrs.evolve(
        position_of(),
        state=PositionState.PROTECTED,
        bought=Decimal(10),
        entry_price=Decimal("100.1"),
        stop_loss=Decimal(98),
        take_profit=Decimal(103),
        fees=Decimal("0.6"),
        opened_at=NOW + after(2),
        protected_at=NOW + after(3),
    )


def ended() -> Position:
    return attrs.evolve(
        held(),
        state=PositionState.CLOSED,
        sold=Decimal(10),
        exit_price=Decimal(103),
        fees=Decimal("1.2"),
        funding=Decimal("0.1"),
        closed_at=NOW + after(60),
        close_reason=CloseReason.TP,
    )


def test_a_protected_position_waits_for_its_end_since_then() -> None:
    """rules: POS-01, ORD-09"""
    told = receipt(processed(), Facts(MEMBER, position=held()))

    assert (told.outcome, told.waits) == (Outcome.OPEN, Waiting(Awaited.END, NOW + after(3)))


@pytest.mark.parametrize(
    ("state", "awaited"),
    [(SettlementState.UNSETTLED, Awaited.SETTLEMENT), (SettlementState.PENDING_RATE, Awaited.RATE)],
)
def test_a_closed_position_waits_to_be_settled(state: SettlementState, awaited: Awaited) -> None:
    """rules: COM-10, FX-03"""
    told = receipt(processed(), Facts(MEMBER, position=attrs.evolve(ended(), settlement=state)))

    assert (told.outcome, told.waits) == (Outcome.CLOSED, Waiting(awaited, NOW + after(60)))
    assert step_name(told.steps[-1]) == "closed"


def test_a_settled_trade_shows_how_profit_became_commission() -> None:
    """rules: COM-11, COM-05"""
    rate = FxRate(Decimal("5.25"), "test", NOW, NOW)
    bill = Settlement(
        ended().id,
        SettlementState.SETTLED,
        SettlementReason.CHARGED,
        NOW + after(61),
        commission=Money(14_54, BRL),
        affiliate=Money(22, BRL),
        company=Money(14_32, BRL),
        debt=Money(4_54, BRL),
        rate=rate,
    )
    sources = (Source(AccountKind.MEMBER_REAL, Money(10_00, BRL)), Source(AccountKind.MEMBER_DEBT, Money(4_54, BRL)))
    position = attrs.evolve(ended(), settlement=SettlementState.SETTLED)

    told = receipt(processed(), Facts(MEMBER, position=position, settlement=bill, sources=sources))

    closed, settled = told.steps[-2:]
    assert isinstance(closed, steps.Closed)
    assert isinstance(settled, steps.Settled)
    assert (closed.gross, closed.fees, closed.funding, closed.net) == (
        Decimal("29.0"),
        Decimal("1.2"),
        Decimal("0.1"),
        Decimal("27.70000000"),
    )
    assert (settled.rate, settled.exchange_rate, settled.commission) == (Decimal("0.10"), Decimal("5.25"), Money(14_54, BRL))
    assert (settled.sources, settled.debt) == (sources, Money(4_54, BRL))
    assert told.waits is None


def test_a_planned_part_shows_its_size_the_price_it_was_asked_at_and_what_was_paid() -> None:
    """rules: SIZ-11, ORD-12"""
    entry = attrs.evolve(
        order_of(held()),
        state=OrderState.FILLED,
        sent_at=NOW + after(1),
        acked_at=NOW + after(1),
        filled=Decimal(10),
        average_price=Decimal("100.1"),
        fee=Decimal("0.6"),
        filled_at=NOW + after(2),
    )

    told = receipt(processed(), Facts(MEMBER, position=held(), orders=(entry,), tasks=(open_task(attempts=3),)))

    (planned,) = [step for step in told.steps if isinstance(step, steps.Planned)]
    (sent,) = [step for step in told.steps if isinstance(step, steps.Sent)]
    (filled,) = [step for step in told.steps if isinstance(step, steps.Filled)]
    assert (planned.quantity, planned.asked_price, planned.leverage) == (Decimal(10), Decimal(100), 5)
    assert sent.attempts == 3
    assert (filled.asked_price, filled.price, filled.fee) == (Decimal(100), Decimal("100.1"), Decimal("0.6"))


def test_an_entry_that_was_given_up_says_why() -> None:
    """rules: PRI-05, SIG-21"""
    position = attrs.evolve(position_of(), state=PositionState.ABANDONED, closed_at=NOW + after(121))
    entry = attrs.evolve(order_of(position), state=OrderState.EXPIRED, ended_at=NOW + after(121))
    task = attrs.evolve(open_task(state=TaskState.DEAD), reason="window_expired")

    told = receipt(processed(), Facts(MEMBER, position=position, orders=(entry,), tasks=(task,)))

    assert (told.outcome, told.waits) == (Outcome.ABANDONED, None)
    assert told.steps[-1] == steps.Abandoned(NOW + after(121), "window_expired")
    assert steps.OrderEnded(NOW + after(121), Leg.ENTRY, entry.client_id, OrderState.EXPIRED, None) in told.steps


def test_a_close_tells_only_what_happened_from_the_close_on() -> None:
    """rules: SIG-22, POS-04"""
    close = attrs.evolve(processed(SignalKind.CLOSE_LONG), received_at=NOW + after(50), decided_at=NOW + after(50))
    task = attrs.evolve(open_task(), action=TaskAction.CLOSE, signal=SIGNAL, reason="SIGNAL", waiting_since=NOW + after(51))

    told = receipt(close, Facts(MEMBER, position=ended(), tasks=(task,)))

    assert [step_name(step) for step in told.steps] == ["received", "decided", "close_asked", "closed"]


def test_a_close_on_its_way_waits_for_the_exchange_and_says_when_it_is_tried_again() -> None:
    """rules: PRI-05, PRI-06"""
    task = attrs.evolve(open_task(attempts=2, state=TaskState.LEASED), action=TaskAction.CLOSE, lease_until=NOW + after(30))

    told = receipt(processed(), Facts(MEMBER, position=held(), tasks=(task,)))

    assert told.waits == Waiting(Awaited.EXIT, NOW, NOW + after(30))


def test_a_close_tells_of_an_end_that_came_before_it_and_was_heard_after() -> None:
    """rules: POS-10, SIG-22"""
    close = attrs.evolve(processed(SignalKind.CLOSE_LONG), received_at=NOW + after(70), decided_at=NOW + after(70))
    task = attrs.evolve(open_task(), action=TaskAction.CLOSE, signal=SIGNAL, waiting_since=NOW + after(71))

    told = receipt(close, Facts(MEMBER, position=ended(), tasks=(task,)))

    assert [step_name(step) for step in told.steps] == ["closed", "received", "decided", "close_asked"]
    assert told.waits == Waiting(Awaited.SETTLEMENT, NOW + after(60))
