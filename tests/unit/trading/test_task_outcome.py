"""When a task is over: what stands for an entry that may arrive is left to whoever looks for it, and nothing else is."""

import attrs
import pytest

from cbc_domain.application.trading.standing import MAY_ARRIVE
from cbc_domain.application.trading.task_outcome import LOOK_AGAIN, Asked, outcome
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.trading.model import Leg, OrderState, PositionState, TaskAction
from cbc_domain.trading.orders import Acknowledged, Cancelled, Expired, Filled, Sent, apply
from cbc_domain.trading.positions import apply_fill
from tests.strategies.trading import LIMITS, NOW, fill_of, order_of, position_of, task_of


@pytest.mark.parametrize(
    ("state", "over"),
    [(OrderState.ACKED, True), (OrderState.UNKNOWN, False), (OrderState.CREATED, False), (OrderState.EXPIRED, True)],
)
def test_a_close_of_a_given_up_entry_is_over_when_nothing_but_the_stop_that_stands_for_it_is_left(
    state: OrderState, *, over: bool
) -> None:
    """rules: ORD-04, POS-11

    In seed 35 of the campaign at the venues two stops that were to travel stayed without an end for half a minute.
    """
    position = attrs.evolve(position_of(), state=PositionState.ABANDONED)
    entry = apply(apply(order_of(position), Sent(NOW)), Expired(NOW))
    trade = Trade(position, (entry, attrs.evolve(order_of(position, Leg.STOP), state=state)))

    found = outcome(task_of(1, 1000, action=TaskAction.CLOSE), trade, NOW, LIMITS, Asked())

    assert (found.due is None) == over


@pytest.mark.parametrize("action", [TaskAction.PROTECT, TaskAction.OPEN])
@pytest.mark.parametrize("leaves", [True, False])
def test_nobody_looks_at_a_bare_position_any_more_whose_exit_is_intended(action: TaskAction, *, leaves: bool) -> None:
    """rules: ORD-10, POS-11

    In seed 194 of the campaign at the venues its exit waited for 4.6 s, because a look at it was always due before, and went
    first.
    """
    entry = apply(apply(order_of(position_of()), Sent(NOW)), Acknowledged(NOW, "v-e"))
    fill = fill_of("all", "10", "100")
    exits = (order_of(position_of(), Leg.EXIT),) if leaves else ()
    trade = Trade(apply_fill(position_of(), entry, fill), (apply(entry, Filled(fill)), *exits))

    found = outcome(task_of(1, 1000, action=action), trade, NOW, LIMITS, Asked(unanswered=True))

    assert (found.due is None) == leaves
    assert not found.close


@pytest.mark.parametrize("stands", [True, False])
def test_the_stop_of_a_given_up_entry_is_looked_at_soon_after_that_can_arrive_no_more(*, stands: bool) -> None:
    """rules: ORD-04, ORD-11

    In seed 235 of the campaign at the venues the last look came a moment before, and the next one half a minute later: the
    sweep had cancelled the stop by then, and its row had no end.
    """
    position = attrs.evolve(position_of(), state=PositionState.ABANDONED)
    entry = apply(apply(order_of(position), Sent(NOW)), Expired(NOW))
    stop = apply(apply(order_of(position, Leg.STOP), Sent(NOW)), Acknowledged(NOW, "v-s"))
    trade = Trade(position, (entry, stop if stands else apply(stop, Cancelled(NOW))))
    task, now = attrs.evolve(task_of(1, 1000, action=TaskAction.PROTECT), attempts=9), NOW + MAY_ARRIVE

    due = outcome(task, trade, now, LIMITS, Asked()).due

    assert due is not None
    assert (due - now == LOOK_AGAIN) == stands
