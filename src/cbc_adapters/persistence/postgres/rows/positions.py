"""Rows of positions and their settlements."""

from typing import Any

from sqlalchemy import RowMapping

from cbc_domain.commissions.model import SettlementReason, SettlementState, Terms
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.ids import AccountId, JournalId, MemberId, PositionId, SignalId, StrategyId
from cbc_domain.kernel.money import Money, currency
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Environment, Side, Symbol, Venue
from cbc_domain.plans.model import CommissionBasis, PlanCode
from cbc_domain.ports.persistence.trades import Settlement
from cbc_domain.trading.model import CloseReason, Position, PositionState
from cbc_domain.trading.positions import net
from cbc_domain.trading.sizes import Size, SizeFlag


def position_of(row: RowMapping) -> Position:
    return Position(
        id=PositionId(row["id"]),
        member=MemberId(row["member"]),
        account=AccountId(row["account"]),
        venue=Venue(row["venue"]),
        environment=Environment(row["environment"]),
        symbol=Symbol(row["symbol"]),
        side=Side(row["side"]),
        strategy=StrategyId(row["strategy"]),
        signal=SignalId(row["signal"]),
        terms=_terms_of(row),
        size=_size_of(row),
        stop_multiplier=row["stop_multiplier"],
        take_multiplier=row["take_multiplier"],
        contract_size=row["contract_size"],
        created_at=row["created_at"],
        state=PositionState(row["state"]),
        bought=row["bought"],
        entry_price=row["entry_price"],
        sold=row["sold"],
        exit_price=row["exit_price"],
        stop_loss=row["stop_loss"],
        take_profit=row["take_profit"],
        fees=row["fees"],
        funding=row["funding"],
        opened_at=row["opened_at"],
        protected_at=row["protected_at"],
        closing_reason=CloseReason(row["closing_reason"]) if row["closing_reason"] else None,
        closed_at=row["closed_at"],
        close_reason=CloseReason(row["close_reason"]) if row["close_reason"] else None,
        settlement=SettlementState(row["settlement"]),
        settings_version=row["settings_version"],
        excess=row["excess"],
    )


def position_row(position: Position) -> dict[str, Any]:
    return {
        "member": position.member,
        "account": position.account,
        "venue": position.venue.value,
        "environment": position.environment.value,
        "symbol": position.symbol,
        "side": position.side.value,
        "strategy": position.strategy,
        "signal": position.signal,
        **_terms_row(position.terms),
        **_size_row(position.size),
        "stop_multiplier": position.stop_multiplier,
        "take_multiplier": position.take_multiplier,
        "contract_size": position.contract_size,
        "created_at": position.created_at,
        "settlement": position.settlement.value,
        "settings_version": position.settings_version,
        **position_state_row(position),
    }


def position_state_row(position: Position) -> dict[str, Any]:
    """What changes in a position's life; its settlement has a writer of its own."""
    return {
        "id": position.id,
        "state": position.state.value,
        "bought": position.bought,
        "entry_price": position.entry_price,
        "sold": position.sold,
        "exit_price": position.exit_price,
        "stop_loss": position.stop_loss,
        "take_profit": position.take_profit,
        "fees": position.fees,
        "funding": position.funding,
        "opened_at": position.opened_at,
        "protected_at": position.protected_at,
        "closing_reason": position.closing_reason.value if position.closing_reason else None,
        "closed_at": position.closed_at,
        "close_reason": position.close_reason.value if position.close_reason else None,
        "excess": position.excess,
        "result": net(position) if position.state.final else None,
    }


def settlement_of(row: RowMapping) -> Settlement:
    known = currency(row["currency"]) if row["currency"] else None

    def amount(name: str) -> Money | None:
        return None if known is None or row[name] is None else Money(row[name], known)

    return Settlement(
        position=PositionId(row["position"]),
        state=SettlementState(row["state"]),
        reason=SettlementReason(row["reason"]) if row["reason"] else None,
        at=row["at"],
        commission=amount("commission"),
        affiliate=amount("affiliate"),
        company=amount("company"),
        debt=amount("debt"),
        rate=_rate_of(row),
        journal=None if row["journal"] is None else JournalId(row["journal"]),
        profit=row["profit"],
        computed=row["computed"],
    )


def settlement_row(settlement: Settlement) -> dict[str, Any]:
    amounts = (settlement.commission, settlement.affiliate, settlement.company, settlement.debt)
    rate = settlement.rate
    return {
        "position": settlement.position,
        "state": settlement.state.value,
        "reason": settlement.reason.value if settlement.reason else None,
        "at": settlement.at,
        "currency": next((money.currency.code for money in amounts if money is not None), None),
        "commission": _minor(settlement.commission),
        "affiliate": _minor(settlement.affiliate),
        "company": _minor(settlement.company),
        "debt": _minor(settlement.debt),
        "rate": rate.brl_per_usd if rate else None,
        "rate_provider": rate.provider if rate else None,
        "rate_provider_at": rate.provider_at if rate else None,
        "rate_accepted_at": rate.accepted_at if rate else None,
        "journal": settlement.journal,
        "profit": settlement.profit,
        "computed": settlement.computed,
    }


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _rate_of(row: RowMapping) -> FxRate | None:
    if row["rate"] is None:
        return None
    return FxRate(row["rate"], row["rate_provider"], row["rate_provider_at"], row["rate_accepted_at"])


def _terms_of(row: RowMapping) -> Terms:
    return Terms(
        plan=PlanCode(row["terms_plan"]),
        rate=row["terms_rate"],
        billing=currency(row["terms_billing"]),
        affiliate=None if row["terms_affiliate"] is None else MemberId(row["terms_affiliate"]),
        tier=AffiliateTier(row["terms_tier"]),
        basis=CommissionBasis(row["terms_basis"]),
    )


def _terms_row(terms: Terms) -> dict[str, Any]:
    return {
        "terms_plan": terms.plan.value,
        "terms_rate": terms.rate,
        "terms_billing": terms.billing.code,
        "terms_affiliate": terms.affiliate,
        "terms_tier": terms.tier.value,
        "terms_basis": terms.basis.value,
    }


def _size_of(row: RowMapping) -> Size:
    return Size(
        quantity=row["planned_quantity"],
        leverage=row["planned_leverage"],
        notional=row["planned_notional"],
        margin=row["planned_margin"],
        stop_loss=row["planned_stop_loss"],
        take_profit=row["planned_take_profit"],
        loss_at_stop=row["planned_loss_at_stop"],
        gain_at_target=row["planned_gain_at_target"],
        flags=tuple(SizeFlag(flag) for flag in row["size_flags"]),
    )


def _size_row(size: Size) -> dict[str, Any]:
    return {
        "planned_quantity": size.quantity,
        "planned_leverage": size.leverage,
        "planned_notional": size.notional,
        "planned_margin": size.margin,
        "planned_stop_loss": size.stop_loss,
        "planned_take_profit": size.take_profit,
        "planned_loss_at_stop": size.loss_at_stop,
        "planned_gain_at_target": size.gain_at_target,
        "size_flags": [flag.value for flag in size.flags],
    }
