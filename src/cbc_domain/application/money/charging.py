"""How a closed position is judged, and what is written and told of the outcome."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from cbc_domain.commissions.model import ClosedTrade, NotCharged, Settled, SettlementState, ShareRates, WaitsForRate
from cbc_domain.commissions.model import Settlement as Outcome
from cbc_domain.commissions.rules import settle
from cbc_domain.kernel.events import Event, EventName
from cbc_domain.kernel.ids import DebtId, EventId, JournalId, MemberId, PositionId
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.rules import after
from cbc_domain.ports.system import Identities
from cbc_domain.risk.defaults import FeeDebitOrder, Switches
from cbc_domain.trading.model import Position
from cbc_domain.trading.positions import net
from cbc_domain.trading.settlement import Settlement


@attrs.frozen
class Due:
    """A position to be judged: its profit in USDT, whether we computed it ourselves (COM-05), and its rate, if there is one.

    `revision` counts the charges of this position that were reversed (COM-14).
    """

    position: Position
    profit: Decimal
    computed: bool
    rate: FxRate | None
    revision: int = 0


def due(position: Position, results: Mapping[PositionId, Decimal], rates: Mapping[datetime, FxRate]) -> Due:
    """Take the venue's own result where it is recorded, else what fills, fees and funding give (COM-05)."""
    told = results.get(position.id)
    return Due(position, net(position) if told is None else told, told is None, rates.get(closed_at(position)))


def judge(owed: Due, holdings: dict[MemberId, Holdings], switches: Switches, identities: Identities, now: datetime) -> Outcome:
    """Decide what a position costs, and move `holdings` on to what everybody holds after it.

    Raises TermsIncomplete, Invalid `plan_unknown` (COM-12).
    """
    position = owed.position
    affiliate = position.terms.affiliate
    outcome = settle(
        ClosedTrade(
            position=position.id,
            member=position.member,
            environment=position.environment,
            profit_usdt=owed.profit,
            terms=position.terms,
            closed_at=closed_at(position),
            revision=owed.revision,
        ),
        holdings[position.member],
        holdings[affiliate].clawback_in(position.terms.billing) if affiliate else None,
        owed.rate,
        DebtId(identities.new()),
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


def settlement_of(owed: Due, outcome: Outcome, posted: Mapping[str, JournalId], now: datetime) -> Settlement:
    """What is kept of an outcome (COM-10, COM-11); `posted` are the ids of its journals by key."""
    position = owed.position.id
    match outcome:
        case WaitsForRate():
            return Settlement(position, SettlementState.PENDING_RATE, None, now)
        case NotCharged(reason=reason):
            # What waited for a rate was chargeable: it ends as SETTLED, if for less than a cent (COM-10).
            waited = owed.position.settlement is SettlementState.PENDING_RATE
            state = SettlementState.SETTLED if waited else SettlementState.NOT_CHARGEABLE
            return Settlement(position, state, reason, now, profit=owed.profit, computed=owed.computed)
        case Settled():
            charge = outcome.charge
            return Settlement(
                position,
                SettlementState.SETTLED,
                charge.reason,
                now,
                commission=charge.commission,
                affiliate=charge.affiliate,
                company=charge.company,
                debt=outcome.spent.debt,
                rate=outcome.rate,
                journal=posted[outcome.journals[0].key],
                profit=owed.profit,
                computed=owed.computed,
            )


def charge_events(position: Position, outcome: Outcome, identities: Identities, now: datetime) -> Iterator[Event]:
    """What a charge tells of, nothing when nothing was charged."""
    if not isinstance(outcome, Settled):
        return
    told = {EventName.COMMISSION_CHARGED: outcome.charge.commission}
    if outcome.charge.affiliate:
        told[EventName.SHARE_CREDITED] = outcome.charge.affiliate
    if outcome.spent.debt:
        told[EventName.DEBT_CREATED] = outcome.spent.debt
    for name, amount in told.items():
        yield Event(EventId(identities.new()), name, position.id, now, {"amount": str(amount)})


def closed_at(position: Position) -> datetime:
    """When a closed position was closed. Raises LookupError for one that is not, which no caller asks for."""
    if position.closed_at is None:
        raise LookupError(f"position {position.id} is not closed")
    return position.closed_at
