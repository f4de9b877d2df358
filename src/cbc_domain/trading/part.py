"""One member's part of a signal: where he would trade it, under which settings, and what is known there."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from cbc_domain.kernel.errors import Conflict
from cbc_domain.kernel.venues import Environment, Side, Symbol
from cbc_domain.plans.rules import plan as plan_of
from cbc_domain.risk.defaults import Switches, SystemLimits
from cbc_domain.risk.eligibility import LiveFacts, choose_account, effective_environment, live_gates
from cbc_domain.risk.model import Activity, ExchangeAccount, LiveGate, TradingSettings
from cbc_domain.risk.settings import clamp
from cbc_domain.trading.advice import tightened
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.equities import equity_of
from cbc_domain.trading.opening import Opening
from cbc_domain.trading.sizes import AccountReading, Instrument, Quote
from cbc_domain.trading.sizing import Funds


@attrs.frozen
class Part:
    """One member's part of a signal, with what is known of the place where he would trade it.

    `settings` are in force, clamped. None means: no account is usable, or (of the rest) not read or too old. `listed` False
    means that the venue is known not to list the symbol.
    """

    candidate: Candidate
    opening: Opening
    symbol: Symbol
    side: Side
    settings: TradingSettings
    gates: tuple[LiveGate, ...]
    environment: Environment
    account: ExchangeAccount | None
    activity: Activity | None
    instrument: Instrument | None
    listed: bool
    quote: Quote | None
    reading: AccountReading | None
    equity: Decimal | None


def part_of(candidate: Candidate, opening: Opening) -> Part:
    """Find out where a member would trade a signal, and what is known there.

    Raises Conflict `state_conflict` for a signal that opens nothing, Invalid `plan_unknown`.
    """
    symbol, side = _subject(opening)
    held = plan_of(candidate.plan)
    settings = clamp(candidate.settings, held, opening.limits, candidate.live_since, opening.now).settings
    gates = gates_of(
        candidate,
        opening.switches,
        opening.limits,
        process_allows_live=opening.process_allows_live,
        required_terms=opening.required_terms,
    )
    environment = effective_environment(settings.trading_mode, gates)
    account = choose_account(
        candidate.accounts,
        environment,
        settings.preferred_exchange,
        lambda one: _listed(one, opening),
        lambda one: _funded(one, opening),
        lambda one: _spread(one, opening),
    )
    market = (account.venue, account.environment) if account else None
    quote = opening.quotes.get(market) if market else None
    reading = opening.readings.get(account.id) if account else None
    usable_quote = quote if quote and fresh(quote.at, opening.now, opening.limits.measure_age) else None
    usable_reading = reading if reading and fresh(reading.at, opening.now, opening.limits.reading_age) else None
    advised, sizing = opening.signal.advised, opening.switches.sizing_reading
    if usable_quote is not None and opening.strategy.trusted:
        settings = tightened(settings, advised, side, usable_quote.price, opening.limits, sizing)
    equity = equity_of(candidate, environment, opening.readings) if usable_reading else None
    activity = next((one for one in candidate.activities if one.environment is environment), None)
    return Part(
        candidate=candidate,
        opening=opening,
        symbol=symbol,
        side=side,
        settings=settings,
        gates=gates,
        environment=environment,
        account=account,
        activity=activity,
        instrument=opening.instruments.get(market) if market else None,
        listed=market is None or market not in opening.instruments or opening.instruments[market] is not None,
        quote=usable_quote,
        reading=usable_reading,
        equity=equity.usdt if equity else None,
    )


def gates_of(
    candidate: Candidate,
    switches: Switches,
    limits: SystemLimits,
    *,
    process_allows_live: bool,
    required_terms: str | None = None,
) -> tuple[LiveGate, ...]:
    """What keeps a member from live trading, in the order of ELG-02. Raises Invalid `plan_unknown`."""
    facts = LiveFacts(
        member=candidate.member,
        plan=plan_of(candidate.plan),
        mode=candidate.settings.trading_mode,
        rehearsal_trades=candidate.rehearsal_trades,
        real=candidate.real,
        admin=candidate.admin,
        owes=candidate.owes,
        accounts=candidate.accounts,
        process_allows_live=process_allows_live,
        required_terms=required_terms,
    )
    return live_gates(facts, switches, limits)


def funds(part: Part) -> Funds | None:
    """What the account can carry, tasks in flight taken off (ELG-05); None while a reading or the activity is missing."""
    if part.reading is None or part.activity is None:
        return None
    waiting = part.activity.margin_in_flight
    return Funds(
        equity=part.reading.equity,
        available=max(part.reading.available - waiting, Decimal(0)),
        margin_in_use=part.reading.margin_in_use + waiting,
        open_notional=part.activity.open_notional,
    )


def fresh(at: datetime, now: datetime, age: timedelta) -> bool:
    """Say whether something measured at `at` may still be used; its oldest age is included (RSK-07)."""
    return now - at <= age


def _subject(opening: Opening) -> tuple[Symbol, Side]:
    signal = opening.signal
    if not signal.kind.opens or signal.symbol is None or signal.side is None:
        raise Conflict("state_conflict", f"expected a signal that opens a side of a symbol, was {signal.kind}")
    return signal.symbol, signal.side


def _listed(account: ExchangeAccount, opening: Opening) -> bool:
    instrument = opening.instruments.get((account.venue, account.environment))
    return instrument is not None and instrument.tradable


def _spread(account: ExchangeAccount, opening: Opening) -> Decimal | None:
    quote = opening.quotes.get((account.venue, account.environment))
    return quote.spread if quote else None


def _funded(account: ExchangeAccount, opening: Opening) -> bool:
    reading = opening.readings.get(account.id)
    return reading is not None and reading.equity >= opening.limits.min_equity
