"""Show what one trade would be now, by the same code that would plan it (CFG-09)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.application.trading.market_of import MarketOf
from cbc_domain.application.trading.plan_orders import planned_ids
from cbc_domain.commissions.model import Charge
from cbc_domain.commissions.rules import charge
from cbc_domain.kernel.ids import AccountId, MemberId, SignalId, StrategyId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.rates import FxRate, usable
from cbc_domain.kernel.venues import Side, Symbol
from cbc_domain.ports.executor import Executor
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import EquityBase
from cbc_domain.signals.model import Decision, Scope, Signal, SignalKind, Strategy
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.equities import equity_of
from cbc_domain.trading.model import Ordered, Skipped
from cbc_domain.trading.opening import Opening
from cbc_domain.trading.planning import plan, wanted_accounts
from cbc_domain.trading.sizes import AccountReading

_NO_BAR: Final = timedelta(0)


@attrs.frozen
class Preview:
    """The trade as it would be planned; `fee_at_target` is None when it is refused or a needed rate is missing."""

    part: Ordered | Skipped
    fee_at_target: Money | None


@attrs.frozen
class PreviewTrade:
    """Writes nothing and sends nothing; the market direction is taken as allowed."""

    store: Store
    executor: Executor
    clock: Clock
    identities: Identities
    market_of: MarketOf
    limits: SystemLimits
    process_allows_live: bool

    async def __call__(self, member: MemberId, symbol: Symbol, side: Side, price: Decimal | None) -> Preview:
        now = self.clock.now()
        async with self.store() as work:
            (candidate,) = await work.planning.candidates([member], None, now, lock=False)
            switches, stops = await work.configuration.switches(), await work.configuration.stops()
            rate = await work.signals.rate(now)
        accounts = wanted_accounts(candidate)
        markets = {(account.venue, account.environment) for account in accounts}
        readings = await self.executor.readings([account.id for account in accounts])
        market = await self.market_of(symbol, markets, earlier=price is None)
        strategy = Strategy(StrategyId(self.identities.new()), "preview", "preview", bar_length=_NO_BAR)
        kind = SignalKind.OPEN_LONG_STRONG if side is Side.LONG else SignalKind.OPEN_SHORT_STRONG
        signal = Signal(
            id=SignalId(self.identities.new()),
            strategy=strategy.id,
            kind=kind,
            side=side,
            scope=Scope.SYMBOL,
            symbol=symbol,
            price=price,
            fired_at=now,
            received_at=now,
            dedupe_key="",
            indicators={},
            warnings=(),
            raw="",
            decision=Decision(True, "approved", None, Decimal(1), "preview"),
        )
        opening = Opening(
            signal=signal,
            strategy=strategy,
            switches=switches,
            stops=stops,
            instruments=market.instruments,
            quotes=market.quotes,
            earlier=market.earlier,
            limits=self.limits,
            readings=readings,
            process_allows_live=self.process_allows_live,
            now=now,
        )
        asked = attrs.evolve(_observed(candidate, readings), subscribed=True)
        part = plan(asked, opening, planned_ids(self.identities))
        return Preview(part, _fee_at_target(part, rate, now))


def _observed(candidate: Candidate, readings: Mapping[AccountId, AccountReading]) -> Candidate:
    """Measure losses from now on where nothing was observed today, as planning would write it down first (RSK-03)."""
    activities = []
    for activity in candidate.activities:
        equity = equity_of(candidate, activity.environment, readings) if activity.base is None else None
        base = activity.base if equity is None else EquityBase(equity.usdt, equity.usdt, equity.usdt)
        activities.append(attrs.evolve(activity, base=base))
    return attrs.evolve(candidate, activities=tuple(activities))


def _fee_at_target(part: Ordered | Skipped, rate: FxRate | None, now: datetime) -> Money | None:
    if isinstance(part, Skipped):
        return None
    usable_rate = rate if usable(rate, now) else None
    cost = charge(part.position.size.gain_at_target, part.position.environment, part.position.terms, usable_rate)
    return cost.commission if isinstance(cost, Charge) else None
