"""What a closed trade costs, who gets which part, and the journals that book it."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from cbc_domain.commissions.model import (
    Charge,
    ClosedTrade,
    NotCharged,
    Settled,
    Settlement,
    SettlementReason,
    ShareRates,
    Terms,
    WaitsForRate,
)
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.errors import Conflict, Invalid
from cbc_domain.kernel.ids import DebtId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate, RateNeeded, usable
from cbc_domain.kernel.rounding import EXACT, to_money
from cbc_domain.kernel.venues import Environment
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, Journal
from cbc_domain.ledger.postings import COMMISSION_DEBT, clawback_repayment, commission
from cbc_domain.ledger.spending import Spent, spend
from cbc_domain.plans.model import CommissionBasis, ShareBasis
from cbc_domain.plans.rules import plan

SHARES: Final = ShareRates()


class TermsIncomplete(Conflict):
    """The frozen terms of a live position lack what a charge needs; nothing is charged by default values (COM-12)."""

    def __init__(self, expected: str, found: object) -> None:
        super().__init__("state_conflict", f"expected {expected} in the terms, was {found}")


def charge(
    profit_usd: Decimal,
    environment: Environment,
    terms: Terms,
    rate: FxRate | None,
    share_basis: ShareBasis = ShareBasis.COMMISSION,
    shares: ShareRates = SHARES,
) -> Charge | RateNeeded:
    """Reckon the commission of one closed trade and its parts, each rounded once (COM-01, COM-02, COM-03).

    `profit_usd` is net of fees and funding. `rate` is the rate of the close, None when there is no usable one (FX-04);
    it is needed for BRL only. Raises TermsIncomplete (COM-12), Invalid `plan_unknown`, Invalid `amount_out_of_range`.
    """
    if not profit_usd.is_finite():
        raise Invalid("amount_out_of_range", f"expected a finite profit, was {profit_usd}")
    fraction = _fraction(environment, terms)
    if fraction is None:
        return _free(SettlementReason.NOT_CHARGEABLE, terms)
    if profit_usd <= 0:
        return _free(SettlementReason.NO_PROFIT, terms)
    if terms.billing == BRL and rate is None:
        return RateNeeded()
    profit = EXACT.multiply(profit_usd, rate.brl_per_usd) if terms.billing == BRL and rate else profit_usd
    due = to_money(EXACT.multiply(profit, fraction), terms.billing)
    if not due:
        return _free(SettlementReason.BELOW_ONE_CENT, terms)
    share = _share(profit, due, share_basis, shares.of(terms.tier))
    return Charge(SettlementReason.CHARGED, due, share, due - share)


def settle(
    trade: ClosedTrade,
    holdings: Holdings,
    affiliate_clawback: Money | None,
    rate: FxRate | None,
    debt_id: DebtId,
    now: datetime,
    share_basis: ShareBasis = ShareBasis.COMMISSION,
    shares: ShareRates = SHARES,
    *,
    real_first: bool = False,
) -> Settlement:
    """Decide what one closed trade does to the books (COM-07, COM-08): the commission, then what its affiliate repays.

    `holdings` are the trade's member's; `affiliate_clawback` is what the affiliate owes in the billing currency; `rate`
    is the newest accepted at the close, else the first accepted afterwards (FX-04); `debt_id` names the debt if one
    arises. Raises TermsIncomplete, Conflict `state_conflict` for another member's holdings, Invalid `plan_unknown`.
    """
    if holdings.member != trade.member:
        raise Conflict("state_conflict", f"expected holdings of {trade.member}, was {holdings.member}")
    fit = rate if usable(rate, trade.closed_at) else None
    cost = charge(trade.profit_usdt, trade.environment, trade.terms, fit, share_basis, shares)
    if isinstance(cost, RateNeeded):
        return WaitsForRate()
    if cost.reason is not SettlementReason.CHARGED:
        return NotCharged(cost.reason)
    spent = spend(cost.commission, holdings, fit, now, real_first=real_first)
    if isinstance(spent, RateNeeded):
        return WaitsForRate()
    needed = fit if cost.commission.currency == BRL or spent.conversion else None
    return Settled(cost, spent, _journals(trade, cost, spent, affiliate_clawback, debt_id, now), needed)


def _fraction(environment: Environment, terms: Terms) -> Decimal | None:
    if environment is not Environment.LIVE or not plan(terms.plan).commission_rate:
        return None
    if terms.basis is not CommissionBasis.PER_TRADE:
        raise TermsIncomplete("commission basis per_trade", terms.basis)
    if terms.rate is None:
        raise TermsIncomplete(f"the frozen rate of {terms.plan}", None)
    if terms.affiliate is None and terms.tier is not AffiliateTier.NONE:
        raise TermsIncomplete(f"the affiliate of tier {terms.tier}", None)
    return terms.rate


def _free(reason: SettlementReason, terms: Terms) -> Charge:
    nothing = Money.zero(terms.billing)
    return Charge(reason, nothing, nothing, nothing)


def _share(profit: Decimal, due: Money, basis: ShareBasis, fraction: Decimal) -> Money:
    part_of = due.amount if basis is ShareBasis.COMMISSION else profit
    return min(due, to_money(EXACT.multiply(part_of, fraction), due.currency))


def _journals(
    trade: ClosedTrade, cost: Charge, spent: Spent, clawback: Money | None, debt_id: DebtId, now: datetime
) -> tuple[Journal, ...]:
    affiliate = trade.terms.affiliate
    share = (affiliate, cost.affiliate) if affiliate is not None and cost.affiliate else None
    debt = (
        Debt(debt_id, trade.member, spent.debt, spent.debt, COMMISSION_DEBT, str(trade.position), now) if spent.debt else None
    )
    booked = commission(trade.position, trade.member, spent, cost.company, share, debt, now, revision=trade.revision)
    repaid = clawback_repayment(booked.key, *share, clawback, now) if share and clawback else None
    return (booked, repaid) if repaid else (booked,)
