"""Facts of a member's part of a signal: likely ones, and any combination at all."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

import attrs
from hypothesis import strategies as st

from cbc_domain.commissions.model import SettlementReason, SettlementState
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.model import AccountKind
from cbc_domain.risk.model import LiveGate, Reason
from cbc_domain.signals.model import Signal, SignalKind, SignalStatus
from cbc_domain.trading.facts import Facts, Source, Verdict
from cbc_domain.trading.model import (
    CloseReason,
    Leg,
    Order,
    OrderState,
    Position,
    PositionState,
    Setback,
    Task,
    TaskAction,
    TaskState,
)
from cbc_domain.trading.settlement import Settlement
from tests.strategies.trading import MEMBER, NOW, SIGNAL, order_of, position_of, signal_of, task_of

instants = st.integers(-5, 600).map(lambda seconds: NOW + timedelta(seconds=seconds))
maybe_instants = st.none() | instants
RATE: Final = FxRate(Decimal("5.25"), "test", NOW, NOW)

signals: st.SearchStrategy[Signal] = st.builds(
    lambda kind, status, reason, decided_at: attrs.evolve(signal_of(kind), status=status, reason=reason, decided_at=decided_at),
    st.sampled_from(SignalKind),
    st.sampled_from(SignalStatus),
    st.none() | st.sampled_from([reason.value for reason in Reason]),
    maybe_instants,
)

verdicts: st.SearchStrategy[Verdict] = st.builds(
    Verdict,
    instants,
    st.sampled_from(Environment),
    st.lists(st.sampled_from(Reason), unique=True, max_size=3).map(tuple),
    st.lists(st.sampled_from(LiveGate), unique=True, max_size=2).map(tuple),
)

refusing: st.SearchStrategy[Verdict] = verdicts.filter(lambda verdict: bool(verdict.reasons))


@st.composite
def positions(draw: st.DrawFn) -> Position:
    bought = draw(st.sampled_from([Decimal(0), Decimal(4), Decimal(10)]))
    sold = min(bought, draw(st.sampled_from([Decimal(0), Decimal(4), Decimal(10)])))
    return attrs.evolve(
        position_of(),
        state=draw(st.sampled_from(PositionState)),
        bought=bought,
        entry_price=Decimal(100) if bought else None,
        sold=sold,
        exit_price=Decimal(103) if sold else None,
        opened_at=draw(maybe_instants),
        protected_at=draw(maybe_instants),
        closed_at=draw(maybe_instants),
        closing_reason=draw(st.none() | st.sampled_from(CloseReason)),
        close_reason=draw(st.none() | st.sampled_from(CloseReason)),
        settlement=draw(st.sampled_from(SettlementState)),
    )


@st.composite
def orders(draw: st.DrawFn, position: Position) -> Order:
    order = order_of(position, draw(st.sampled_from(Leg)), draw(st.integers(0, 2)), draw(st.none() | st.just(Decimal(98))))
    filled = draw(st.sampled_from([Decimal(0), Decimal(4), Decimal(10)]))
    return attrs.evolve(
        order,
        state=draw(st.sampled_from(OrderState)),
        filled=filled,
        average_price=Decimal(100) if filled else None,
        sent_at=draw(maybe_instants),
        acked_at=draw(maybe_instants),
        filled_at=draw(maybe_instants),
        lost_at=draw(maybe_instants),
        ended_at=draw(maybe_instants),
        attempts=draw(st.integers(0, 3)),
        error_code=draw(st.none() | st.just("FILTER")),
    )


@st.composite
def tasks(draw: st.DrawFn, position: Position) -> Task:
    action = draw(st.sampled_from(TaskAction))
    return attrs.evolve(
        task_of(draw(st.integers(1, 9)), 450, action=action),
        signal=draw(st.none() | st.just(SIGNAL)),
        position=position.id,
        waiting_since=draw(instants),
        state=draw(st.sampled_from(TaskState)),
        attempts=draw(st.integers(0, 5)),
        lease_until=draw(maybe_instants),
        reason=draw(st.none() | st.sampled_from(["SIGNAL", "UNPROTECTED", "window_expired"])),
    )


@st.composite
def settlements(draw: st.DrawFn, position: Position) -> Settlement:
    return Settlement(
        position=position.id,
        state=position.settlement,
        reason=draw(st.none() | st.sampled_from(SettlementReason)),
        at=draw(instants),
        commission=draw(st.none() | st.just(Money(52_50, BRL))),
        affiliate=draw(st.none() | st.just(Money(79, BRL))),
        company=draw(st.none() | st.just(Money(51_71, BRL))),
        debt=draw(st.none() | st.just(Money(0, BRL))),
        rate=draw(st.none() | st.just(RATE)),
    )


@st.composite
def traded(draw: st.DrawFn) -> Facts:
    """A part with a position; nothing else of it need fit together."""
    position = draw(positions())
    held = tuple(draw(st.lists(orders(position), max_size=5)))
    names = [order.client_id for order in held] or ["unknown"]
    setbacks = st.builds(Setback, st.sampled_from(names), instants, st.sampled_from(["lost", "RATE_LIMIT"]))
    return Facts(
        member=MEMBER,
        verdict=draw(st.none() | verdicts),
        position=position,
        orders=held,
        tasks=tuple(draw(st.lists(tasks(position), max_size=4))),
        setbacks=tuple(draw(st.lists(setbacks, max_size=3))),
        settlement=draw(st.none() | settlements(position)),
        sources=tuple(draw(st.lists(st.just(Source(AccountKind.MEMBER_REAL, Money(52_50, BRL))), max_size=1))),
    )


untraded: st.SearchStrategy[Facts] = st.builds(Facts, st.just(MEMBER), st.none() | verdicts)
facts: st.SearchStrategy[Facts] = untraded | traded()
