"""Staff take a commission back as a whole, and charge anew when only the amount was wrong (COM-14, LED-F19)."""

from datetime import datetime
from decimal import Decimal
from functools import partial

import attrs

from cbc_domain.application.money.charging import Due, charge_events, closed_at, judge, settlement_of
from cbc_domain.application.money.crediting import post_credit, with_lots
from cbc_domain.commissions.model import Settled, SettlementState, WaitsForRate
from cbc_domain.identity.reasons import checked_reason
from cbc_domain.kernel.errors import Conflict, NotFound, Unavailable
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import EventId, MemberId, PositionId
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Posting
from cbc_domain.ledger.postings import commission_key
from cbc_domain.ledger.reversal import reversal
from cbc_domain.ledger.rules import after
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.trading.model import Position
from cbc_domain.trading.settlement import Settlement


@attrs.frozen
class Request:
    """What staff ask for: take back the charge of a position, the first one or that after `revision` reversals.

    `corrected` is the right profit in USDT, to be charged anew under the terms of the opening; None charges nothing.
    """

    position: PositionId
    actor: str
    reason: str
    revision: int = 0
    corrected: Decimal | None = None


@attrs.frozen
class ReverseCommission:
    """Each charge is reversed once, whoever asks and how often (LED-05).

    Raises Invalid `reason_required`, NotFound, Conflict `state_conflict` without such a charge, Unavailable
    `rate_unavailable` when the corrected charge needs a rate that there is not; then nothing is changed.
    """

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, request: Request) -> Posting:
        """Answer the reversal."""
        return await self.store.run(partial(self._reverse, attrs.evolve(request, reason=checked_reason(request.reason))))

    async def _reverse(self, request: Request, work: UnitOfWork) -> Posting:
        now = self.clock.now()
        trades = await work.trades.trades([request.position], lock=True)
        if not trades:
            raise NotFound("not_found", "expected a position")
        position = trades[0].position
        charge = await work.books.posting(commission_key(position.id, request.revision))
        if charge is None:
            raise Conflict("state_conflict", f"expected a charged commission, was {position.settlement}")
        members = {position.member, *([position.terms.affiliate] if position.terms.affiliate else [])}
        holdings = dict(await work.books.hold(members))
        if known := await work.books.posting(f"reversal:{charge.journal.key}"):
            return attrs.evolve(known, replay=True)
        (settlement,) = await work.trades.settlements([position.id])
        back = await self._give_back(work, request, position, charge, holdings, now)
        reversed_ = attrs.evolve(settlement, state=SettlementState.REVERSED, at=now)
        anew = await self._charge_anew(work, request, position, settlement, holdings, now)
        await work.trades.resettle(anew or reversed_)
        return back

    async def _give_back(
        self,
        work: UnitOfWork,
        request: Request,
        position: Position,
        charge: Posting,
        holdings: dict[MemberId, Holdings],
        now: datetime,
    ) -> Posting:
        """Post the mirror and the debt that it pays; moves `holdings` on."""
        used = [lot for use in charge.journal.lot_uses if (lot := await work.books.lot(use.lot))]
        forgiven = await work.books.forgiven({debt.id for debt in charge.journal.debts_opened})
        payer, affiliate = with_lots(holdings[position.member], used), position.terms.affiliate
        sharer = holdings[affiliate] if affiliate else None
        mirror = reversal(charge, payer, sharer, {lot.id: lot for lot in used}, now, request.actor, forgiven)
        mirror = attrs.evolve(mirror, references={**mirror.references, "reason": request.reason})
        posting, holdings[position.member] = await post_credit(work, self.identities, payer, mirror, now, request.actor)
        if affiliate and sharer:
            holdings[affiliate] = after(sharer, mirror)
        told = {"member": str(position.member), "actor": request.actor, "key": charge.journal.key}
        await work.outbox.add([Event(EventId(self.identities.new()), EventName.COMMISSION_REVERSED, position.id, now, told)])
        return posting

    async def _charge_anew(
        self,
        work: UnitOfWork,
        request: Request,
        position: Position,
        settlement: Settlement,
        holdings: dict[MemberId, Holdings],
        now: datetime,
    ) -> Settlement | None:
        """Post the corrected charge; None when there is nothing to charge."""
        if request.corrected is None:
            return None
        closed = closed_at(position)
        rate = settlement.rate or (await work.signals.charge_rates({closed})).get(closed)
        owed = Due(position, request.corrected, computed=False, rate=rate, revision=request.revision + 1)
        outcome = judge(owed, holdings, await work.configuration.switches(), self.identities, now)
        if isinstance(outcome, WaitsForRate):
            raise Unavailable("rate_unavailable", "expected a rate for the corrected charge, was none usable")
        if not isinstance(outcome, Settled):
            return None
        posted = {one.journal.key: one.id for one in await work.books.post(outcome.journals, now)}
        await work.outbox.add(list(charge_events(position, outcome, self.identities, now)))
        return settlement_of(owed, outcome, posted, now)
