"""From one signal to every member's part of it, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import attrs

from cbc_adapters.persistence.memory.activity import MemoryActivity
from cbc_adapters.persistence.memory.books import MemoryBooks
from cbc_adapters.persistence.memory.lane import MemoryLane
from cbc_adapters.persistence.memory.people import MemoryPeople
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_adapters.persistence.memory.verdicts import MemoryVerdicts
from cbc_domain.identity.model import AffiliateTier, Member, Role
from cbc_domain.kernel.errors import NotFound
from cbc_domain.kernel.ids import MemberId, SignalId, StrategyId
from cbc_domain.kernel.money import LEDGER_CURRENCIES, total
from cbc_domain.kernel.time import local_day
from cbc_domain.kernel.venues import Environment
from cbc_domain.ports.persistence.planning import Holder
from cbc_domain.risk.settings import wished
from cbc_domain.risk.transfers import Equity
from cbc_domain.trading.candidates import Candidate
from cbc_domain.trading.model import Ordered, Skipped

_RECENT: Final = timedelta(minutes=1)


@attrs.frozen
class MemoryPlanning:
    _people: MemoryPeople
    _trades: TradeTables
    _activity: MemoryActivity
    _books: MemoryBooks
    _lane: MemoryLane
    _verdicts: MemoryVerdicts

    async def page(self, signal: SignalId, after: MemberId | None, limit: int) -> Sequence[MemberId]:
        everybody = self._people.of_role(Role.USER, after)
        return list(islice((member for member in everybody if not self._verdicts.decided(signal, member)), limit))

    async def candidates(
        self,
        members: Sequence[MemberId],
        strategy: StrategyId | None,
        now: datetime,
        *,
        lock: bool,
        read_at: Mapping[Holder, datetime] | None = None,
    ) -> Sequence[Candidate]:
        return [await self._candidate(member, strategy, now, read_at or {}) for member in members]

    async def observe_equity(self, equities: Mapping[Holder, Equity], now: datetime) -> None:
        for (member, environment), equity in equities.items():
            known = await self._known(member)
            self._activity.observe(member, environment, equity, local_day(now, known.time_zone))

    async def pause_for_drawdown(self, holders: Collection[Holder], now: datetime) -> Collection[Holder]:
        return [holder for holder in sorted(holders) if self._activity.pause(*holder, now)]

    async def resume_after_drawdown(self, member: MemberId, now: datetime) -> Collection[Environment]:
        return [environment for environment in Environment if self._activity.resume(member, environment)]

    async def record(self, ordered: Sequence[Ordered], skipped: Sequence[Skipped], now: datetime) -> None:
        for part in ordered:
            if not self._verdicts.decided(part.position.signal, part.position.member):
                self._verdicts.order(part, now)
                self._trades.positions.put(part.position.id, part.position)
                for order in part.orders:
                    self._trades.add_order(order)
                await self._lane.add([part.task])
        for refused in skipped:
            if not self._verdicts.decided(refused.signal, refused.member):
                self._verdicts.skip(refused, now)

    async def _candidate(
        self, id_: MemberId, strategy: StrategyId | None, now: datetime, read_at: Mapping[Holder, datetime]
    ) -> Candidate:
        member = await self._known(id_)
        wishes = await self._people.wishes(id_)
        held = await self._books.holdings(id_)
        referrer = await self._people.member(member.referred_by) if member.referred_by else None
        return Candidate(
            member=member,
            plan=(await self._people.membership(id_)).plan,
            settings=wished(wishes.values),
            settings_version=wishes.version,
            subscribed=strategy is not None and self._people.subscribed(id_, strategy),
            paused=await self._people.paused(id_),
            real=tuple(held.real_in(currency) for currency in LEDGER_CURRENCIES),
            admin=tuple(
                total((lot.remaining for lot in held.usable_lots(currency, now)), currency) for currency in LEDGER_CURRENCIES
            ),
            owes=tuple(held.owes(currency) for currency in LEDGER_CURRENCIES),
            rehearsal_trades=self._rehearsal_trades(id_),
            live_since=await self._people.live_since(id_),
            accounts=tuple(await self._people.accounts(id_)),
            activities=tuple(
                self._activity.of(member, environment, now, read_at.get((id_, environment))) for environment in Environment
            ),
            affiliate=referrer.id if referrer else None,
            affiliate_tier=referrer.tier if referrer else AffiliateTier.NONE,
            recent_orders=self._recent_orders(id_, now),
        )

    def _rehearsal_trades(self, member: MemberId) -> int:
        rehearsals = (Environment.TESTNET, Environment.PAPER)
        return sum(self._trades.ended.count((member, environment)) for environment in rehearsals)

    def _recent_orders(self, member: MemberId, now: datetime) -> int:
        count = 0
        for created_at, _ in self._trades.entries.before(member, None):
            if created_at <= now - _RECENT:
                break
            count += 1
        return count

    async def _known(self, member: MemberId) -> Member:
        found = await self._people.member(member)
        if found is None:
            raise NotFound("not_found", f"expected a member, was none of {member}")
        return found
