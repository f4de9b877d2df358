"""Charge the commission of closed trades: decide in order of closing, write all of it in one transaction (COM-01 to COM-10)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from cbc_domain.commissions.model import ClosedTrade, NotCharged, Settled, SettlementState, ShareRates, WaitsForRate
from cbc_domain.commissions.model import Settlement as Outcome
from cbc_domain.commissions.rules import settle
from cbc_domain.kernel.errors import DomainError
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import DebtId, EventId, JournalId, MemberId
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.rules import after
from cbc_domain.ports.persistence.trades import Settlement
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.risk.defaults import FeeDebitOrder, Switches
from cbc_domain.trading.model import Position
from cbc_domain.trading.positions import net

BATCH: Final = 1000
WAITING: Final = frozenset({SettlementState.UNSETTLED, SettlementState.PENDING_RATE})


@attrs.frozen
class SettleTrades:
    """Settle what waits, at most a batch at a time; a position is charged once, whoever asks and how often (COM-07).

    Raises TermsIncomplete or Invalid `plan_unknown` for the first trade that cannot be judged, after settling the others.
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self) -> int:
        """Answer how many positions reached a final settlement; those that wait for a rate are not counted."""
        settled, faults = await self.store.run(self._settle)
        for fault in faults:
            raise fault
        return settled

    async def _settle(self, work: UnitOfWork) -> tuple[int, list[DomainError]]:
        now = self.clock.now()
        waiting = await work.trades.unsettled(now, BATCH)
        trades = await work.trades.trades(waiting, lock=True)
        # Another settler may have been here between the two reads.
        unsettled = [trade.position for trade in trades if trade.position.settlement in WAITING]
        in_order = sorted(unsettled, key=lambda position: (position.closed_at, position.id))
        rates = await work.signals.charge_rates({closed_at(position) for position in in_order})
        switches = await work.configuration.switches()
        holdings = dict(await work.books.hold(set(_touched(in_order))))
        outcomes, faults = self._decide_all(in_order, holdings, rates, switches, now)
        journals = [journal for _, outcome in outcomes if isinstance(outcome, Settled) for journal in outcome.journals]
        posted = {posting.journal.key: posting.id for posting in await work.books.post(journals, now)}
        await work.trades.settle([_written(position, outcome, posted, now) for position, outcome in outcomes])
        final = [(position, outcome) for position, outcome in outcomes if not isinstance(outcome, WaitsForRate)]
        await work.outbox.add([event for position, outcome in final for event in self._events(position, outcome, now)])
        return len(final), faults

    def _decide_all(
        self,
        positions: Sequence[Position],
        holdings: dict[MemberId, Holdings],
        rates: Mapping[datetime, FxRate],
        switches: Switches,
        now: datetime,
    ) -> tuple[list[tuple[Position, Outcome]], list[DomainError]]:
        """A trade that cannot be judged is left as it is and holds up no other (COM-12)."""
        outcomes, faults = [], []
        for position in positions:
            try:
                outcomes.append((position, self._decide(position, holdings, rates, switches, now)))
            except DomainError as fault:
                faults.append(fault)
        return outcomes, faults

    def _decide(
        self,
        position: Position,
        holdings: dict[MemberId, Holdings],
        rates: Mapping[datetime, FxRate],
        switches: Switches,
        now: datetime,
    ) -> Outcome:
        trade = ClosedTrade(
            position=position.id,
            member=position.member,
            environment=position.environment,
            profit_usdt=net(position),
            terms=position.terms,
            closed_at=closed_at(position),
        )
        affiliate = position.terms.affiliate
        outcome = settle(
            trade,
            holdings[position.member],
            holdings[affiliate].clawback_in(position.terms.billing) if affiliate else None,
            rates.get(trade.closed_at),
            DebtId(self.identities.new()),
            now,
            switches.affiliate_share_basis,
            ShareRates(switches.affiliate_share_normal, switches.affiliate_share_vip),
            real_first=switches.fee_debit_order is FeeDebitOrder.REAL_FIRST,
        )
        if isinstance(outcome, Settled):
            for journal in outcome.journals:
                for member in {position.member, *([affiliate] if affiliate else [])}:
                    holdings[member] = after(holdings[member], journal)
        return outcome

    def _events(self, position: Position, outcome: Outcome, now: datetime) -> Iterator[Event]:
        yield self._event(EventName.POSITION_SETTLED, position, now, {"member": str(position.member)})
        if isinstance(outcome, Settled):
            charge = outcome.charge
            yield self._event(EventName.COMMISSION_CHARGED, position, now, {"amount": str(charge.commission)})
            if charge.affiliate:
                yield self._event(EventName.SHARE_CREDITED, position, now, {"amount": str(charge.affiliate)})
            if outcome.spent.debt:
                yield self._event(EventName.DEBT_CREATED, position, now, {"amount": str(outcome.spent.debt)})

    def _event(self, name: EventName, position: Position, now: datetime, data: Mapping[str, str]) -> Event:
        return Event(EventId(self.identities.new()), name, position.id, now, data)


def closed_at(position: Position) -> datetime:
    """When a closed position was closed. Raises LookupError for one that is not, which no caller asks for."""
    if position.closed_at is None:
        raise LookupError(f"position {position.id} is not closed")
    return position.closed_at


def _touched(positions: Sequence[Position]) -> Iterator[MemberId]:
    for position in positions:
        yield position.member
        if position.terms.affiliate:
            yield position.terms.affiliate


def _written(position: Position, outcome: Outcome, posted: Mapping[str, JournalId], now: datetime) -> Settlement:
    match outcome:
        case WaitsForRate():
            return Settlement(position.id, SettlementState.PENDING_RATE, None, now)
        case NotCharged(reason=reason):
            return Settlement(position.id, SettlementState.NOT_CHARGEABLE, reason, now)
        case Settled():
            charge = outcome.charge
            return Settlement(
                position.id,
                SettlementState.SETTLED,
                charge.reason,
                now,
                commission=charge.commission,
                affiliate=charge.affiliate,
                company=charge.company,
                debt=outcome.spent.debt,
                rate=outcome.rate,
                journal=posted[outcome.journals[0].key],
            )
