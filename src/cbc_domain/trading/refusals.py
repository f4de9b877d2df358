"""Every reason why a member's part of an open signal is not traded (ELG-04)."""

from collections.abc import Iterator
from decimal import Decimal

from cbc_domain.identity.model import AccountStatus
from cbc_domain.risk.eligibility import account_reason, symbol_allowed, within_hours
from cbc_domain.risk.limits import coin_blocked, reached, slips, stops_opening
from cbc_domain.risk.model import ExchangeAccount, Reason
from cbc_domain.signals.model import StrategyState
from cbc_domain.trading.opening import Opening
from cbc_domain.trading.part import Part


def refusals(part: Part) -> Iterator[Reason]:
    """All reasons but those of sizing, in no order; a check whose inputs are missing is left out and says UNAVAILABLE once."""
    yield from _member(part)
    yield from _place(part)
    yield from _wishes(part)
    yield from _risk(part)
    yield from _market(part)


def _member(part: Part) -> Iterator[Reason]:
    candidate, opening = part.candidate, part.opening
    if candidate.member.status is not AccountStatus.ACTIVE:
        yield Reason.ACCOUNT_NOT_ACTIVE
    if not part.settings.auto_trade_enabled:
        yield Reason.TRADING_DISABLED
    venue = part.account.venue if part.account else None
    stopped = stops_opening(opening.stops, venue, part.symbol, opening.strategy.id, candidate.member.id)
    if candidate.paused or stopped:
        yield Reason.EMERGENCY_STOP
    if not candidate.subscribed:
        yield Reason.STRATEGY_NOT_SUBSCRIBED
    if opening.strategy.state is StrategyState.PAUSED:
        yield Reason.STRATEGY_PAUSED
    if candidate.recent_orders >= opening.limits.orders_per_minute:
        yield Reason.RATE_LIMITED


def _place(part: Part) -> Iterator[Reason]:
    if part.account is None:
        yield account_reason(part.candidate.accounts, part.environment)
        return
    allowed = part.opening.strategy.allowed_symbols
    unlisted = not part.listed or (part.instrument is not None and not part.instrument.tradable)
    if unlisted or (allowed and part.symbol not in allowed):
        yield Reason.SYMBOL_NOT_TRADABLE
    if not unlisted and (part.instrument is None or part.quote is None):
        yield Reason.UNAVAILABLE
    if part.reading is None:
        yield Reason.UNAVAILABLE
    elif part.symbol in part.reading.held:
        yield Reason.POSITION_EXISTS


def _wishes(part: Part) -> Iterator[Reason]:
    settings = part.settings
    if not symbol_allowed(settings, part.symbol):
        yield Reason.SYMBOL_BLOCKED_BY_MEMBER
    if not within_hours(settings, part.candidate.member.time_zone, part.opening.now):
        yield Reason.OUTSIDE_TRADING_HOURS
    if settings.take_profit_multiplier <= settings.stop_loss_multiplier:
        yield Reason.SETTINGS_INVALID


def _risk(part: Part) -> Iterator[Reason]:
    activity, opening = part.activity, part.opening
    if activity is None:
        yield Reason.UNAVAILABLE
        return
    if activity.open_count >= part.settings.max_open_positions:
        yield Reason.POSITION_LIMIT
    if coin_blocked(activity, part.symbol, opening.now):
        yield Reason.COIN_BLOCKED
    if part.symbol in activity.open_symbols:
        yield Reason.POSITION_EXISTS
    if part.equity is not None:
        yield from reached(activity, part.equity, part.settings, opening.switches, opening.limits, opening.now)
    elif part.account is not None:
        yield Reason.UNAVAILABLE


def _market(part: Part) -> Iterator[Reason]:
    opening, decision = part.opening, part.opening.signal.decision
    if decision is None:
        yield Reason.UNAVAILABLE
    elif not decision.approved:
        yield Reason(decision.reason)
    if part.quote is not None and part.account is not None:
        reference = opening.signal.price or _earlier_price(part.account, opening)
        if reference is None:
            yield Reason.UNAVAILABLE
        elif slips(part.quote.price, reference, opening.limits):
            yield Reason.SLIPPAGE_TOO_HIGH
    if opening.over or opening.now - opening.signal.received_at > opening.limits.execution_window:
        yield Reason.WINDOW_EXPIRED


def _earlier_price(account: ExchangeAccount, opening: Opening) -> Decimal | None:
    earlier = opening.earlier.get((account.venue, account.environment))
    return earlier.price if earlier else None
