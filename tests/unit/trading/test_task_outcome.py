"""When a task is over: what stands for an entry that may arrive is left to whoever looks for it, and nothing else is."""

import attrs
import pytest

from cbc_domain.application.trading.task_outcome import Asked, outcome
from cbc_domain.ports.persistence.trades import Trade
from cbc_domain.trading.model import Leg, OrderState, PositionState, TaskAction
from cbc_domain.trading.orders import Expired, Sent, apply
from tests.strategies.trading import LIMITS, NOW, order_of, position_of, task_of


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
