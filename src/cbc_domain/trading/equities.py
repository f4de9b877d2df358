"""What members hold in their usable accounts together, and whom that concerns: a whole page of them at once (RSK-03)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from cbc_domain.kernel.ids import AccountId, MemberId
from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.eligibility import usable_accounts
from cbc_domain.risk.limits import draws_down, looks_moved
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.sizes import AccountReading

Holder = tuple[MemberId, Environment]
Readings = Mapping[AccountId, AccountReading]


def equity_of(candidate: Candidate, environment: Environment, readings: Readings) -> Equity | None:
    """Sum up the member's usable accounts of an environment; None when one of them was not read.

    A sum in which one is missing says nothing of gains and losses (RSK-07).
    """
    usable = usable_accounts(candidate.accounts, environment, candidate.settings.preferred_exchange)
    if not usable or any(account.id not in readings for account in usable):
        return None
    read = [readings[account.id] for account in usable]
    return Equity(sum((one.equity for one in read), Decimal(0)), min(one.at for one in read))


def equities_of(candidates: Iterable[Candidate], readings: Readings) -> Mapping[Holder, Equity]:
    """The equities of a page of members; those that say nothing are left out."""
    sums = {
        (candidate.member.id, environment): equity_of(candidate, environment, readings)
        for candidate in candidates
        for environment in Environment
    }
    return {holder: equity for holder, equity in sums.items() if equity is not None}


def perhaps_moved(candidates: Iterable[Candidate], readings: Readings, limits: SystemLimits) -> Sequence[AccountId]:
    """The accounts about which their venues are asked before a loss limit fires, or a new peak hides one (decision 23)."""
    return [
        account.id
        for candidate in candidates
        for activity in candidate.activities
        if (equity := equity_of(candidate, activity.environment, readings)) is not None
        and looks_moved(activity, equity.usdt, candidate.settings, limits)
        for account in usable_accounts(candidate.accounts, activity.environment, candidate.settings.preferred_exchange)
    ]


def drawn_down(candidates: Iterable[Candidate], readings: Readings, limits: SystemLimits) -> Sequence[Holder]:
    """Who lost so much of his highest equity that he is paused from now on (RSK-01)."""
    return [
        (candidate.member.id, activity.environment)
        for candidate in candidates
        for activity in candidate.activities
        if not activity.drawdown_paused
        and (equity := equity_of(candidate, activity.environment, readings)) is not None
        and draws_down(activity, equity.usdt, limits)
    ]
