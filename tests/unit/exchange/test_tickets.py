"""What an order is, whatever venue it goes to."""

import pytest

from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import Ticket
from tests.strategies.exchange import entry, leave, stop, target


@pytest.mark.parametrize(
    ("ticket", "buys"),
    [
        (entry(), True),
        (leave(), False),
        (stop("46000"), False),
        (target("48000"), False),
        (entry(side=Side.SHORT), False),
        (leave(side=Side.SHORT), True),
        (stop("48000", side=Side.SHORT), True),
        (target("46000", side=Side.SHORT), True),
    ],
)
def test_a_long_is_bought_and_sold_and_a_short_sold_and_bought(ticket: Ticket, buys: bool) -> None:
    """rules: ORD-05, ORD-11"""
    assert ticket.buys is buys
