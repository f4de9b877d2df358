"""Whether a member may trade live, where he trades otherwise, and in which order reasons are shown."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import attrs

from cbc_domain.identity.model import Member
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.venues import Environment, Symbol, Venue
from cbc_domain.plans.model import Plan, PlanKind
from cbc_domain.risk.defaults import Switches, SystemLimits
from cbc_domain.risk.model import ExchangeAccount, KeyStatus, LiveGate, Reason, TradingSettings, TradingWindow

_SATURDAY = 5


@attrs.frozen
class LiveFacts:
    """What the gates of live trading are judged on (ELG-02).

    `process_allows_live` is the setting of this process, beside the switch; `required_terms` None means that any accepted
    version will do; `real`, `admin` and `owes` are sums per currency.
    """

    member: Member
    plan: Plan
    mode: Environment
    rehearsal_trades: int
    real: tuple[Money, ...]
    admin: tuple[Money, ...]
    owes: tuple[Money, ...]
    accounts: tuple[ExchangeAccount, ...]
    process_allows_live: bool
    required_terms: str | None = None


def live_gates(facts: LiveFacts, switches: Switches, limits: SystemLimits) -> tuple[LiveGate, ...]:
    """The gates that keep a member from live trading, in the order of ELG-02; none means that he trades live."""
    return tuple(_failing(facts, switches, limits))


def effective_environment(mode: Environment, gates: Collection[LiveGate]) -> Environment:
    """Where a member's signals are executed: as he chose, but testnet instead of live while a gate fails (ELG-04)."""
    return Environment.TESTNET if mode is Environment.LIVE and gates else mode


def meets_minimum(balances: Iterable[Money], limits: SystemLimits) -> bool:
    """Say whether balances reach the minimum operating balance in one currency by itself, summed per currency (ELG-03)."""
    sums: dict[str, int] = {}
    for balance in balances:
        sums[balance.currency.code] = sums.get(balance.currency.code, 0) + balance.minor
    return any(sums.get(least.currency.code, 0) >= least.minor for least in limits.minimum_operating)


def usable_accounts(
    accounts: Iterable[ExchangeAccount], environment: Environment, preferred: Venue
) -> tuple[ExchangeAccount, ...]:
    """The accounts that may be used in an environment: the preferred venue's first, then by venue and ID (ORD-05)."""
    fitting = (account for account in accounts if account.environment is environment and account.usable)
    return tuple(sorted(fitting, key=lambda one: (one.venue is not preferred, one.venue, one.id)))


def choose_account(
    accounts: Iterable[ExchangeAccount],
    environment: Environment,
    preferred: Venue,
    listed: Callable[[ExchangeAccount], bool],
    funded: Callable[[ExchangeAccount], bool],
    spread: Callable[[ExchangeAccount], Decimal | None] = lambda _: None,
) -> ExchangeAccount | None:
    """The one account a signal is traded on: the preferred venue's if it lists the symbol, else the best other (ORD-05).

    The others are compared by listed, then balance sufficient, then lower spread (unknown last), then venue and ID; without
    any listed one the first usable account is named, so that the refusal can say why.
    """
    usable = usable_accounts(accounts, environment, preferred)
    best = next((one for one in usable if one.venue is preferred and listed(one)), None)

    def rank(one: ExchangeAccount) -> tuple[bool, bool, bool, Decimal, int]:
        apart = spread(one)
        return not listed(one), not funded(one), apart is None, apart or Decimal(0), usable.index(one)

    return best or min(usable, key=rank, default=None)


def account_reason(accounts: Iterable[ExchangeAccount], environment: Environment) -> Reason:
    """Why no account is usable: a key is there but not valid, or the mode is not available at all (ELG-04)."""
    kept = (one for one in accounts if one.environment is environment and one.status is not KeyStatus.REMOVED)
    return Reason.KEY_NOT_VALID if any(kept) else Reason.MODE_NOT_AVAILABLE


def ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, in the order of ELG-04; the first is the headline."""
    found = frozenset(reasons)
    return tuple(reason for reason in Reason if reason in found)


def symbol_allowed(settings: TradingSettings, symbol: Symbol) -> bool:
    """Say whether the member's own lists let a symbol through; an empty list of allowed ones means all (CFG-05)."""
    return symbol not in settings.blocked_symbols and (not settings.allowed_symbols or symbol in settings.allowed_symbols)


def within_hours(settings: TradingSettings, zone: str, now: datetime) -> bool:
    """Say whether the member's own hours allow opens now, in his zone; a window's start is inside, its end is not (RSK-05)."""
    local = now.astimezone(ZoneInfo(zone))
    if local.weekday() >= _SATURDAY and not settings.trade_weekends:
        return False
    return not settings.trading_hours or any(_inside(window, local) for window in settings.trading_hours)


def _inside(window: TradingWindow, local: datetime) -> bool:
    moment = local.time()
    if window.start < window.end:
        return window.start <= moment < window.end
    return moment >= window.start or moment < window.end


def _failing(facts: LiveFacts, switches: Switches, limits: SystemLimits) -> Iterator[LiveGate]:
    if not (switches.live_trading_enabled and facts.process_allows_live):
        yield LiveGate.LIVE_FLAG_OFF
    if facts.member.email_verified_at is None:
        yield LiveGate.EMAIL_NOT_VERIFIED
    if not _accepted_terms(facts):
        yield LiveGate.TERMS_NOT_ACCEPTED
    if switches.live_requires_two_factor and not facts.member.two_factor:
        yield LiveGate.TWO_FACTOR_REQUIRED
    if facts.rehearsal_trades < switches.rehearsal_trades_required:
        yield LiveGate.REHEARSAL_INCOMPLETE
    if not facts.plan.live_allowed:
        yield LiveGate.PLAN_NOT_ELIGIBLE
    if any(debt.minor > 0 for debt in facts.owes):
        yield LiveGate.DEBT_OUTSTANDING
    if not _funded(facts, switches, limits):
        yield LiveGate.BALANCE_BELOW_MINIMUM
    if not any(one.environment is Environment.LIVE and one.usable for one in facts.accounts):
        yield LiveGate.LIVE_KEY_NOT_VALID
    if facts.mode is not Environment.LIVE:
        yield LiveGate.MEMBER_LIVE_OFF


def _accepted_terms(facts: LiveFacts) -> bool:
    accepted = facts.member.terms_version
    return accepted is not None and facts.required_terms in (None, accepted)


def _funded(facts: LiveFacts, switches: Switches, limits: SystemLimits) -> bool:
    waived = switches.min_operating_balance_waived_for_monthly and facts.plan.kind is PlanKind.MONTHLY
    return waived or meets_minimum((*facts.real, *facts.admin), limits)
