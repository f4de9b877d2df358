"""Charge the commission of closed trades: decide in order of closing, write all of it in one transaction (COM-01 to COM-10)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from cbc_domain.application.money.charging import Due, charge_events, closed_at, due, judge, settlement_of
from cbc_domain.application.money.record_results import RecordResults
from cbc_domain.commissions.model import Settled, SettlementState, WaitsForRate
from cbc_domain.commissions.model import Settlement as Outcome
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId, PositionId
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.defaults import Switches
from cbc_domain.trading.model import Position

BATCH: Final = 1000
WAITING: Final = frozenset({SettlementState.UNSETTLED, SettlementState.PENDING_RATE})

Judged = tuple[Due, Outcome]


class NotJudged(DomainError):
    """A closed trade that cannot be charged as it stands, and is charged nothing by default values (COM-12)."""

    def __init__(self, position: PositionId, fault: DomainError) -> None:
        super().__init__(fault.code, f"position {position}: {fault.detail}")


@attrs.frozen
class SettleTrades:
    """Settle what waits, in batches; a position is charged once, whoever asks and how often (COM-07).

    Venues are asked once, before the first batch. Raises NotJudged for the first trade that cannot be judged, after settling
    the others.
    """

    store: Store
    clock: Clock
    identities: Identities
    record_results: RecordResults

    async def __call__(self) -> int:
        """Answer how many positions reached a final settlement; those that wait are not counted."""
        await self.record_results()
        settled, (batch, faults) = 0, await self.store.run(self._settle)
        while batch:
            settled += batch
            batch, faults = await self.store.run(self._settle)
        for fault in faults:
            raise fault
        return settled

    async def _settle(self, work: UnitOfWork) -> tuple[int, list[NotJudged]]:
        now = self.clock.now()
        waiting = await work.trades.unsettled(now, BATCH)
        trades = await work.trades.trades(waiting, lock=True)
        # Another settler may have been here between the two reads.
        unsettled = [trade.position for trade in trades if trade.position.settlement in WAITING]
        in_order = sorted(unsettled, key=lambda position: (position.closed_at, position.id))
        rates = await work.signals.charge_rates({closed_at(position) for position in in_order})
        results = await work.results.of([position.id for position in in_order])
        switches = await work.configuration.switches()
        holdings = dict(await work.books.hold(set(_touched(in_order))))
        owed = [due(position, results, rates) for position in in_order]
        judged, faults = self._judge_all(owed, holdings, switches, now)
        journals = [journal for _, outcome in judged if isinstance(outcome, Settled) for journal in outcome.journals]
        posted = {posting.journal.key: posting.id for posting in await work.books.post(journals, now)}
        await work.trades.settle([settlement_of(one, outcome, posted, now) for one, outcome in judged])
        final = [(one, outcome) for one, outcome in judged if not isinstance(outcome, WaitsForRate)]
        await work.outbox.add([event for one, outcome in final for event in self._events(one.position, outcome, now)])
        return len(final), faults

    def _judge_all(
        self, owed: Sequence[Due], holdings: dict[MemberId, Holdings], switches: Switches, now: datetime
    ) -> tuple[list[Judged], list[NotJudged]]:
        """A trade that cannot be judged is left as it is and holds up no other (COM-12)."""
        judged: list[Judged] = []
        faults: list[NotJudged] = []
        for one in owed:
            try:
                judged.append((one, judge(one, holdings, switches, self.identities, now)))
            except DomainError as fault:
                faults.append(NotJudged(one.position.id, fault))
        return judged, faults

    def _events(self, position: Position, outcome: Outcome, now: datetime) -> Iterator[Event]:
        settled: Mapping[str, str] = {"member": str(position.member)}
        yield Event(EventId(self.identities.new()), EventName.POSITION_SETTLED, position.id, now, settled)
        yield from charge_events(position, outcome, self.identities, now)


def _touched(positions: Sequence[Position]) -> Iterator[MemberId]:
    for position in positions:
        yield position.member
        if position.terms.affiliate:
            yield position.terms.affiliate
