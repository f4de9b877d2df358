"""What may happen to the books of a member and of who referred him, one named flow after the other."""

from datetime import timedelta
from typing import Final

import attrs
from hypothesis import strategies as st

from cbc_domain.kernel.money import LEDGER_CURRENCIES, Currency, Money
from tests.strategies.ledger import amounts

MOST_STEPS: Final = 12


@attrs.frozen
class Recharge:
    """Money received for one of the two; `who` is 0 for the member, 1 for who referred him."""

    who: int
    amount: Money


@attrs.frozen
class Grant:
    """Admin credit that lives for another `lives`."""

    who: int
    amount: Money
    lives: timedelta


@attrs.frozen
class Charge:
    """A commission of the member, with a share for who referred him when it is at least one minor unit."""

    fee: Money
    share: Money
    real_first: bool


@attrs.frozen
class Correct:
    who: int
    amount: Money


@attrs.frozen
class Convert:
    """Commission balance of who referred him becomes admin credit, with a tenth on top."""

    part: int
    currency: Currency


@attrs.frozen
class Forgive:
    """A part of the oldest debt, in hundredths."""

    hundredths: int


@attrs.frozen
class Reverse:
    """One of the charges so far, if it was not reversed already."""

    number: int


@attrs.frozen
class Wait:
    """Time passes and expired credit lapses."""

    time: timedelta


@attrs.frozen
class Repeat:
    """One of the journals so far is asked for again."""

    number: int


Step = Recharge | Grant | Charge | Correct | Convert | Forgive | Reverse | Wait | Repeat

_currencies = st.sampled_from(LEDGER_CURRENCIES)
_small = _currencies.flatmap(lambda currency: amounts(currency, most=5_000))
_who = st.sampled_from([0, 0, 0, 1])
_hours = st.integers(1, 24 * 40).map(lambda hours: timedelta(hours=hours))


@st.composite
def _charges(draw: st.DrawFn) -> Charge:
    fee = draw(_small)
    return Charge(fee, draw(amounts(fee.currency, least=0, most=fee.minor)), draw(st.booleans()))


@st.composite
def _corrections(draw: st.DrawFn) -> Correct:
    amount = draw(_small)
    return Correct(draw(_who), -amount if draw(st.booleans()) else amount)


_steps = st.one_of(
    st.builds(Recharge, _who, _small),
    st.builds(Grant, _who, _small, _hours),
    _charges(),
    _charges(),
    _corrections(),
    st.builds(Convert, st.integers(1, 5_000), _currencies),
    st.builds(Forgive, st.integers(1, 100)),
    st.builds(Reverse, st.integers(0, MOST_STEPS)),
    st.builds(Wait, _hours),
    st.builds(Repeat, st.integers(0, MOST_STEPS)),
)

flows: Final[st.SearchStrategy[list[Step]]] = st.lists(_steps, min_size=1, max_size=MOST_STEPS)
