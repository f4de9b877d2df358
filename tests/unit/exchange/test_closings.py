"""What trades and funding payments of a symbol say of how one side ended, at venues that book trades alone."""

from decimal import Decimal

import attrs
import pytest

from cbc_adapters.exchange.ccxt.closings import Bill, Dealt, walked
from cbc_domain.trading.model import Fill
from tests.strategies.exchange import START


def dealt(at: int, quantity: str, *, along: bool, realised: str = "0", netted: bool = True, fee: str = "1") -> Dealt:
    fill = Fill(f"t{at}", "", Decimal(quantity), Decimal(100), Decimal(fee), START)
    return Dealt(at, [fill], Decimal(realised), along, netted)


OPENED, CLOSED = dealt(10, "4", along=True), dealt(30, "4", along=False, realised="20")


def test_a_closing_pays_for_its_opening_and_for_the_funding_between() -> None:
    """rules: COM-05, POS-12"""
    (closed,) = walked([OPENED, CLOSED], [Bill(20, Decimal(3))])

    assert (closed.net, closed.ending.funding, closed.ending.fee) == (Decimal(15), Decimal(3), Decimal(1))


def test_half_a_closing_pays_for_half_of_it() -> None:
    """rules: COM-05, POS-12"""
    half = dealt(30, "2", along=False, realised="10")

    first, second = walked([OPENED, half, attrs.evolve(half, at_ms=50)], [Bill(20, Decimal(4)), Bill(40, Decimal(1))])

    assert (first.ending.funding, second.ending.funding) == (Decimal(2), Decimal(3))
    assert (first.net, second.net) == (Decimal("6.5"), Decimal("5.5"))


def test_what_was_paid_before_an_opening_belongs_to_what_is_over() -> None:
    """rules: POS-12"""
    (closed,) = walked([OPENED, CLOSED], [Bill(9, Decimal(5)), Bill(10, Decimal(1))])

    assert closed.ending.funding == Decimal(1)


def test_an_opening_that_was_not_told_of_leaves_all_funding_to_its_closing() -> None:
    """rules: POS-12"""
    (closed,) = walked([CLOSED], [Bill(20, Decimal(3))])

    assert closed.net == Decimal(16)


@pytest.mark.parametrize(
    ("of_other_side", "expected"),
    [
        # A short that is closed with a gain buys, as an opening does, and gives the long no fees.
        (dealt(5, "4", along=True, realised="-7"), Decimal(18)),
        # A short that is opened sells, as a closing does, and realises nothing.
        (dealt(5, "4", along=False), Decimal(18)),
    ],
)
def test_in_one_way_mode_the_other_side_is_told_apart_by_what_it_realised(of_other_side: Dealt, expected: Decimal) -> None:
    """rules: EXC-06, POS-10"""
    closings = walked([of_other_side, OPENED, CLOSED], [])

    assert [closed.net for closed in closings] == [expected]
