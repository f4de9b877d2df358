"""What receipts are read from, in memory."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from cbc_adapters.persistence.memory.books import MemoryBooks
from cbc_adapters.persistence.memory.cursors import page_of, read_identity
from cbc_adapters.persistence.memory.lane import MemoryLane
from cbc_adapters.persistence.memory.table import Changes, Table
from cbc_adapters.persistence.memory.trade_tables import TradeTables
from cbc_adapters.persistence.memory.verdicts import MemoryVerdicts
from cbc_domain.commissions.model import SettlementState
from cbc_domain.kernel.ids import MemberId, OrderId, PositionId, SignalId
from cbc_domain.ledger.model import Direction
from cbc_domain.ports.persistence.receipts import Standing
from cbc_domain.ports.persistence.views import Page
from cbc_domain.signals.model import Signal
from cbc_domain.trading.facts import Facts, Source
from cbc_domain.trading.model import PositionState, Setback
from cbc_domain.trading.settlement import Settlement

_Alike = tuple[str | None, PositionState | None, SettlementState | None]


class MemoryReceipts:
    def __init__(
        self, changes: Changes, trades: TradeTables, verdicts: MemoryVerdicts, lane: MemoryLane, books: MemoryBooks
    ) -> None:
        self._trades, self._verdicts, self._lane, self._books = trades, verdicts, lane, books
        self._setbacks = Table[str, frozenset[Setback]](changes)

    async def page(self, signal: Signal, cursor: str | None, limit: int) -> Page[Facts]:
        before = None if cursor is None else read_identity(cursor)
        return page_of(((str(place), facts) for place, facts in self._parts(signal, before)), limit)

    async def of_member(self, signal: Signal, member: MemberId) -> Sequence[Facts]:
        if not signal.kind.closes:
            return [self._decided(signal.id, member)] if self._verdicts.decided(signal.id, member) else []
        return [facts for _, facts in self._parts(signal, None) if facts.member == member]

    async def of_positions(self, positions: Collection[PositionId]) -> Sequence[Facts]:
        return [self._made(one) for one in sorted(set(positions)) if one in self._trades.positions]

    async def position_of(self, order: OrderId) -> PositionId | None:
        found = self._trades.orders.get(order)
        return found.position if found else None

    async def standings(self, signal: Signal) -> Sequence[Standing]:
        counted = Counter(_alike(facts) for _, facts in self._parts(signal, None))
        return [Standing(*alike, parts) for alike, parts in sorted(counted.items(), key=_most_first)]

    async def note(self, setbacks: Sequence[Setback]) -> None:
        for setback in setbacks:
            name = setback.client_order_id
            if name in self._trades.by_client_id:
                self._setbacks.put(name, (self._setbacks.get(name) or frozenset()) | {setback})

    def _parts(self, signal: Signal, before: UUID | None) -> Iterator[tuple[UUID, Facts]]:
        if signal.kind.closes:
            for position in self._lane.closed_by(signal.id, None if before is None else PositionId(before)):
                yield position, self._made(position, of_opening=False)
            return
        for member in self._verdicts.members_of(signal.id, None if before is None else MemberId(before)):
            yield member, self._decided(signal.id, member)

    def _decided(self, signal: SignalId, member: MemberId) -> Facts:
        verdict, position = self._verdicts.verdict(signal, member)
        return Facts(member, verdict) if position is None else self._made(position)

    def _made(self, position_id: PositionId, *, of_opening: bool = True) -> Facts:
        trade = self._trades.trade(position_id)
        position, settlement = trade.position, self._trades.settlements.get(position_id)
        known = self._verdicts.decided(position.signal, position.member) and of_opening
        setbacks = [one for order in trade.orders for one in self._setbacks.get(order.client_id) or ()]
        return Facts(
            member=position.member,
            verdict=self._verdicts.verdict(position.signal, position.member)[0] if known else None,
            position=position,
            orders=trade.orders,
            tasks=tuple(self._lane.tasks_of(position_id)),
            setbacks=tuple(sorted(setbacks, key=lambda one: (one.at, one.client_order_id, one.code))),
            settlement=settlement,
            sources=tuple(self._sources(settlement, position.member)),
        )

    def _sources(self, settlement: Settlement | None, member: MemberId) -> Iterator[Source]:
        posting = self._books.posted(settlement.journal) if settlement and settlement.journal else None
        for entry in posting.journal.entries if posting else ():
            if entry.account.owner == str(member) and entry.direction is Direction.DEBIT:
                yield Source(entry.account.kind, entry.amount)


def _alike(facts: Facts) -> _Alike:
    if facts.position is None:
        reasons = facts.verdict.reasons if facts.verdict else ()
        return (reasons[0].value if reasons else None, None, None)
    return (None, facts.position.state, facts.position.settlement)


def _most_first(counted: tuple[_Alike, int]) -> tuple[int, list[str]]:
    alike, parts = counted
    return -parts, [part or "" for part in alike]
