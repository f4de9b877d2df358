"""Turn one decided signal into every member's part of it, a page of members in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.trading.close_positions import ClosePositions
from cbc_domain.application.trading.decide_signal import DecideSignal
from cbc_domain.application.trading.market_of import MarketOf, MarketOfSymbol
from cbc_domain.application.trading.note_transfers import NoteTransfers
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import AccountId, EventId, MemberId, OrderId, PositionId, SignalId, TaskId
from cbc_domain.kernel.time import format_instant
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.planning import Holder
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.defaults import SystemLimits
from cbc_domain.risk.model import ExchangeAccount, Reason
from cbc_domain.signals.closing import is_over
from cbc_domain.signals.model import Signal, SignalStatus
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.equities import drawn_down, equities_of, perhaps_moved
from cbc_domain.trading.model import Ordered, Skipped
from cbc_domain.trading.opening import Opening, PlannedIds
from cbc_domain.trading.planning import plan, wanted_accounts
from cbc_domain.trading.sizes import AccountReading

PAGE: Final = 1000


def planned_ids(identities: Identities) -> PlannedIds:
    """Fresh identities for one member's part of a signal."""
    new = identities.new
    return PlannedIds(
        task=TaskId(new()), position=PositionId(new()), entry=OrderId(new()), stop=OrderId(new()), target=OrderId(new())
    )


@attrs.frozen
class PlanOrders:
    """Run as often as you like: members with a decision keep it, and a finished signal is left alone."""

    store: Store
    exchange: Exchange
    clock: Clock
    identities: Identities
    decide: DecideSignal
    close_signalled: ClosePositions
    market_of: MarketOf
    note_transfers: NoteTransfers
    limits: SystemLimits
    process_allows_live: bool

    async def __call__(self, signal_id: SignalId) -> None:
        signal = await self.decide(signal_id)
        if signal is None or signal.status is not SignalStatus.PROCESSING or signal.decision is None:
            return
        if signal.kind.closes:
            await self.close_signalled(signal)
        elif signal.decision.approved:
            await self._open_for_everybody(signal)
        elif signal.kind.opens and signal.decision.reason in set(Reason):
            await self._refuse_for_everybody(signal, Reason(signal.decision.reason))
        await self.store.run(partial(_finish, signal))

    async def _open_for_everybody(self, signal: Signal) -> None:
        after: MemberId | None = None
        while members := await self._page(signal.id, after):
            await self._open_page(signal, members)
            after = members[-1]
        async with self.store() as work:
            closes = await work.signals.closes_after(signal)
        for close in closes:
            # It may have looked for positions just before a page of them was written.
            await self.close_signalled(close)

    async def _open_page(self, signal: Signal, members: Sequence[MemberId]) -> None:
        """Read members, market and balances, then decide and write under the members' locks: no call in between."""
        async with self.store() as work:
            unlocked = await work.planning.candidates(members, signal.strategy, self.clock.now(), lock=False)
        wanted = [account for candidate in unlocked for account in wanted_accounts(candidate)]
        # Balances first: the price is the younger the better, and some venues tell their brackets with a key only (SIZ-07).
        readings = await self.exchange.readings(wanted)
        if moved := perhaps_moved(unlocked, readings, self.limits):
            await self.note_transfers(moved)
        market = await self._market(signal, wanted)
        await self.store.run(partial(self._decide_page, signal, unlocked, market, readings))

    async def _decide_page(
        self,
        signal: Signal,
        unlocked: Sequence[Candidate],
        market: MarketOfSymbol,
        readings: Mapping[AccountId, AccountReading],
        work: UnitOfWork,
    ) -> None:
        now = self.clock.now()
        opening = await self._opening(work, signal, market, readings, now)
        equities = equities_of(unlocked, readings)
        await work.planning.observe_equity(equities, now)
        members = [candidate.member.id for candidate in unlocked]
        read_at = {holder: equity.at for holder, equity in equities.items()}
        candidates = await work.planning.candidates(members, signal.strategy, now, lock=True, read_at=read_at)
        await self._pause(work, drawn_down(candidates, readings, self.limits), now)
        parts = [plan(candidate, opening, planned_ids(self.identities)) for candidate in candidates]
        await self._record(work, parts, now)

    async def _pause(self, work: UnitOfWork, holders: Sequence[Holder], now: datetime) -> None:
        """What is refused for its drawdown stays refused until the member resumes, whatever his equity does (RSK-01)."""
        if holders:
            paused = await work.planning.pause_for_drawdown(holders, now)
            await work.outbox.add([self._paused(holder, now) for holder in paused])

    async def _market(self, signal: Signal, accounts: Sequence[ExchangeAccount]) -> MarketOfSymbol:
        if signal.symbol is None:
            return MarketOfSymbol()
        markets = {(account.venue, account.environment) for account in accounts}
        return await self.market_of(signal.symbol, markets, earlier=signal.price is None)

    async def _refuse_for_everybody(self, signal: Signal, reason: Reason) -> None:
        after: MemberId | None = None
        while members := await self._page(signal.id, after):
            await self.store.run(partial(self._refuse_page, signal, members, reason))
            after = members[-1]

    async def _refuse_page(self, signal: Signal, members: Sequence[MemberId], reason: Reason, work: UnitOfWork) -> None:
        skipped = [Skipped(member, signal.id, Environment.LIVE, (reason,)) for member in members]
        await self._record(work, skipped, self.clock.now())

    async def _record(self, work: UnitOfWork, parts: Sequence[Ordered | Skipped], now: datetime) -> None:
        ordered = [part for part in parts if isinstance(part, Ordered)]
        skipped = [part for part in parts if isinstance(part, Skipped)]
        await work.planning.record(ordered, skipped, now)
        await work.outbox.add([self._created(part, now) for part in ordered] + [self._skipped(part, now) for part in skipped])

    async def _page(self, signal: SignalId, after: MemberId | None) -> Sequence[MemberId]:
        async with self.store() as work:
            return await work.planning.page(signal, after, PAGE)

    async def _opening(
        self,
        work: UnitOfWork,
        signal: Signal,
        market: MarketOfSymbol,
        readings: Mapping[AccountId, AccountReading],
        now: datetime,
    ) -> Opening:
        strategy = await work.signals.strategy(signal.strategy)
        if strategy is None:
            raise LookupError(f"signal {signal.id} names no strategy")
        return Opening(
            signal=signal,
            strategy=strategy,
            switches=await work.configuration.switches(),
            stops=await work.configuration.stops(),
            instruments=market.instruments,
            quotes=market.quotes,
            earlier=market.earlier,
            limits=self.limits,
            readings=readings,
            process_allows_live=self.process_allows_live,
            over=is_over(await work.signals.closes_after(signal), strategy),
            now=now,
        )

    def _created(self, part: Ordered, now: datetime) -> Event:
        data = {"signal": str(part.position.signal), "member": str(part.position.member)}
        return Event(EventId(self.identities.new()), EventName.TASK_CREATED, part.task.id, now, data)

    def _paused(self, holder: Holder, now: datetime) -> Event:
        member, environment = holder
        reached = {"reason": Reason.DRAWDOWN_PAUSE.value, "limit": str(self.limits.drawdown_percentage)}
        data = {"environment": environment.value, **reached}
        return Event(EventId(self.identities.new()), EventName.RISK_PAUSED, member, now, data)

    def _skipped(self, part: Skipped, now: datetime) -> Event:
        data = {"member": str(part.member), "reason": part.reasons[0], **_told(part)}
        return Event(EventId(self.identities.new()), EventName.TASK_SKIPPED, part.signal, now, data)


async def _finish(signal: Signal, work: UnitOfWork) -> None:
    await work.signals.save(attrs.evolve(signal, status=SignalStatus.PROCESSED))


def _told(part: Skipped) -> dict[str, str]:
    """Of each limit that was reached how far, where it lies, and until when it holds (RSK-04)."""
    told: dict[str, str] = {}
    for one in part.limits:
        facts = {"value": one.value, "limit": one.limit, "until": one.until and format_instant(one.until)}
        told |= {f"{one.reason.value}.{name}": str(fact) for name, fact in facts.items() if fact is not None}
    return told
