"""From a signal to one member's orders, or to every reason why not; and from a wish to close to an exit."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.commissions.model import Terms
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.ids import OrderId, SignalId, TaskId
from cbc_domain.kernel.venues import Environment
from cbc_domain.plans.rules import plan as plan_of
from cbc_domain.risk.eligibility import meets_minimum, ordered, usable_accounts
from cbc_domain.risk.model import ExchangeAccount, LimitNotice, Reason
from cbc_domain.risk.notices import notices
from cbc_domain.trading.advice import last_instant
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import CloseReason, Leg, Order, Ordered, Position, Skipped, Task, TaskAction
from cbc_domain.trading.opening import Opening, PlannedIds
from cbc_domain.trading.part import Part, funds, part_of
from cbc_domain.trading.priority import CRITICAL, base_priority
from cbc_domain.trading.protection import leg_order, next_seq, still_to_come
from cbc_domain.trading.refusals import refusals
from cbc_domain.trading.sizes import Size
from cbc_domain.trading.sizing import Unsized, distances, size


def plan(candidate: Candidate, opening: Opening, ids: PlannedIds) -> Ordered | Skipped:
    """Decide what an open signal means for one member, with every reason at once (ELG-04).

    The entry, stop and target orders are CREATED, so that a venue can take them together (ORD-09). Raises Conflict
    `state_conflict` for a signal that opens nothing, Invalid `plan_unknown`.
    """
    part = part_of(candidate, opening)
    sized = _sized(part)
    unsized = sized.reasons if isinstance(sized, Unsized) else ()
    reasons = ordered((*refusals(part), *unsized))
    if reasons or not isinstance(sized, Size):
        kept = reasons or (Reason.UNAVAILABLE,)
        limits = tuple(_notices(part, kept))
        return Skipped(candidate.member.id, opening.signal.id, part.environment, kept, part.gates, limits)
    return _ordered(part, sized, ids)


def wanted_accounts(candidate: Candidate) -> tuple[ExchangeAccount, ...]:
    """The accounts whose readings planning may need: a member who wants live may fall back to testnet (ELG-04)."""
    mode = candidate.settings.trading_mode
    environments = (Environment.LIVE, Environment.TESTNET) if mode is Environment.LIVE else (mode,)
    return tuple(
        account
        for environment in environments
        for account in usable_accounts(candidate.accounts, environment, candidate.settings.preferred_exchange)
    )


def plan_close(
    position: Position,
    orders: Iterable[Order],
    signal: SignalId | None,
    reason: CloseReason,
    task_id: TaskId,
    order_id: OrderId,
    now: datetime,
) -> tuple[Task, Order]:
    """Make the task and the exit order that end a position; `signal` is the one that closes, None without one.

    The exit continues the newest one that still waits, else gets the next number (ORD-03). Its quantity is what is open and
    what an entry that is not over may still buy, or what was planned before the first fill: the most that is ever sent under
    its id, bounded by the venue's own quantity then (ORD-11).
    """
    known = list(orders)
    exits = [order for order in known if order.leg is Leg.EXIT]
    running = max((order for order in exits if not order.state.final), key=lambda order: order.seq, default=None)
    quantity = position.quantity + (still_to_come(known) or 0) if position.bought else position.size.quantity
    order = running or leg_order(position, Leg.EXIT, next_seq(exits, Leg.EXIT), order_id, quantity, None, now)
    task = attrs.evolve(_critical(position, TaskAction.CLOSE, task_id, now), signal=signal, reason=reason)
    return task, order


def plan_protection(position: Position, task_id: TaskId, now: datetime, due_at: datetime | None = None) -> Task:
    """Make the task that gives a position the protection it should have; `due_at` None means at once (POS-10)."""
    return attrs.evolve(_critical(position, TaskAction.PROTECT, task_id, now), due_at=due_at or now)


def _critical(position: Position, action: TaskAction, task_id: TaskId, now: datetime) -> Task:
    """Whatever makes a position safer comes before every open (PRI-01)."""
    return Task(
        id=task_id,
        action=action,
        signal=None,
        member=position.member,
        account=position.account,
        environment=position.environment,
        position=position.id,
        base_priority=CRITICAL,
        waiting_since=now,
        due_at=now,
    )


def _sized(part: Part) -> Size | Unsized | None:
    carried = funds(part)
    if carried is None or part.quote is None or part.instrument is None:
        return None
    return size(
        part.side,
        part.quote.price,
        carried,
        part.settings,
        part.instrument,
        part.opening.limits,
        _factor(part.opening),
        part.opening.switches.sizing_reading,
    )


def _notices(part: Part, reasons: Iterable[Reason]) -> Iterator[LimitNotice]:
    if part.activity is not None and part.equity is not None:
        zone, opening = part.candidate.member.time_zone, part.opening
        yield from notices(reasons, part.activity, part.equity, part.settings, opening.limits, opening.now, zone)


def _factor(opening: Opening) -> Decimal:
    decision, reading = opening.signal.decision, opening.signal.reading
    return min(decision.size_factor if decision else Decimal(1), reading.size_factor if reading else Decimal(1))


def _ordered(part: Part, sized: Size, ids: PlannedIds) -> Ordered:
    position = _position(part, sized, ids)
    now = part.opening.now
    orders = (
        leg_order(position, Leg.ENTRY, 0, ids.entry, sized.quantity, None, now),
        leg_order(position, Leg.STOP, 0, ids.stop, sized.quantity, sized.stop_loss, now),
        leg_order(position, Leg.TARGET, 0, ids.target, sized.quantity, sized.take_profit, now),
    )
    return Ordered(position, orders, _task(part, position, ids), part.gates)


def _position(part: Part, sized: Size, ids: PlannedIds) -> Position:
    if part.account is None or part.instrument is None:
        raise Conflict("state_conflict", "expected an account and an instrument for a sized trade")
    apart = distances(part.settings, sized.leverage, part.opening.switches.sizing_reading)
    return Position(
        id=ids.position,
        member=part.candidate.member.id,
        account=part.account.id,
        venue=part.account.venue,
        environment=part.environment,
        symbol=part.symbol,
        side=part.side,
        strategy=part.opening.strategy.id,
        signal=part.opening.signal.id,
        terms=_terms(part),
        size=sized,
        stop_multiplier=apart.stop,
        take_multiplier=apart.take,
        contract_size=part.instrument.contract_size,
        created_at=part.opening.now,
        settings_version=part.candidate.settings_version,
    )


def _terms(part: Part) -> Terms:
    candidate = part.candidate
    return Terms(
        plan=candidate.plan,
        rate=plan_of(candidate.plan).commission_rate,
        billing=candidate.member.region.billing,
        affiliate=candidate.affiliate,
        tier=candidate.affiliate_tier if candidate.affiliate else AffiliateTier.NONE,
        basis=part.opening.switches.commission_basis,
    )


def _task(part: Part, position: Position, ids: PlannedIds) -> Task:
    signal, now = part.opening.signal, part.opening.now
    funded = meets_minimum(part.candidate.real, part.opening.limits)
    kind = plan_of(part.candidate.plan).kind
    return Task(
        id=ids.task,
        action=TaskAction.OPEN,
        signal=signal.id,
        member=position.member,
        account=position.account,
        environment=position.environment,
        position=position.id,
        base_priority=base_priority(TaskAction.OPEN, position.environment, kind, real_meets_minimum=funded),
        waiting_since=now,
        due_at=now,
        not_after=last_instant(signal.received_at + part.opening.limits.execution_window, signal.advised),
    )
