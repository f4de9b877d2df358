"""How long debts have stood (DBT-07)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from cbc_domain.kernel.money import Currency, Money
from cbc_domain.ledger.model import Debt


class AgeBand(StrEnum):
    """Whole days since the debt arose, both ends included."""

    WEEK = "0-7"
    MONTH = "8-30"
    QUARTER = "31-90"
    OLDER = ">90"


_LAST_DAY: Final = ((7, AgeBand.WEEK), (30, AgeBand.MONTH), (90, AgeBand.QUARTER))

Ageing = dict[tuple[AgeBand, Currency], Money]
"""What is owed by age and currency; the two currencies are never added (MON-02)."""


def age_band(debt: Debt, now: datetime) -> AgeBand:
    days = (now - debt.created_at).days
    return next((band for last, band in _LAST_DAY if days <= last), AgeBand.OLDER)


def aged(debts: Iterable[Debt], now: datetime) -> Ageing:
    """What is left of these debts by age band and currency; bands and currencies without a debt are left out."""
    sums: Ageing = {}
    for debt in debts:
        place = age_band(debt, now), debt.remaining.currency
        sums[place] = sums.get(place, Money.zero(debt.remaining.currency)) + debt.remaining
    return sums
