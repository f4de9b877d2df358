"""The wire shapes of orders and positions."""

from typing import Final

import msgspec

from cbc_domain.application.trading.show_trading import PositionShown
from cbc_domain.ledger.model import AccountKind
from cbc_domain.trading.model import Order, Position
from cbc_domain.trading.positions import gross, net
from cbc_domain.trading.settlement import Settlement
from cbc_entrypoints.http.shapes import MoneyShape, maybe_money, maybe_text, moment, money, text

_BALANCES: Final = {AccountKind.MEMBER_ADMIN: "admin", AccountKind.MEMBER_REAL: "real"}


class OrderShape(msgspec.Struct):
    id: str
    client_order_id: str
    position_id: str
    exchange: str
    environment: str
    symbol: str
    side: str
    leg: str
    status: str
    quantity: str
    trigger_price: str | None
    filled: str
    average_price: str | None
    fee: str
    error_code: str | None
    created_at: str
    sent_at: str | None
    filled_at: str | None


class Orders(msgspec.Struct):
    items: list[OrderShape]
    next_cursor: str | None


class SourceShape(msgspec.Struct):
    """What one balance of the member gave for a commission: `admin` or `real`, in its own currency."""

    balance: str
    amount: MoneyShape


class CommissionShape(msgspec.Struct):
    """What a closed position was charged, and how (COM-11): `profit` in USDT, `rate` a fraction of it, frozen at opening.

    `exchange_rate` is BRL per USD, null where none was needed; `sources` and `debt` are the amount.
    """

    state: str
    reason: str | None
    profit: str | None
    computed: bool
    rate: str | None
    exchange_rate: str | None
    amount: MoneyShape | None
    sources: list[SourceShape]
    debt: MoneyShape | None


class PositionShape(msgspec.Struct):
    """Quantities in the venue's unit, results in USDT; `simulated` is true for testnet and paper (GEN-13).

    `excess` is what the exchange holds on this side beyond the position: the member's own, which is left alone (POS-10).
    """

    id: str
    signal_id: str
    exchange: str
    environment: str
    simulated: bool
    symbol: str
    side: str
    status: str
    quantity: str
    planned_quantity: str
    excess: str
    entry_price: str | None
    exit_price: str | None
    stop_loss: str | None
    take_profit: str | None
    leverage: int
    close_reason: str | None
    gross_pnl: str | None
    realised_pnl: str | None
    fees: str
    funding: str
    settlement: str
    commission: MoneyShape | None
    charge: CommissionShape | None
    opened_at: str | None
    protected_at: str | None
    closed_at: str | None


class Positions(msgspec.Struct):
    items: list[PositionShape]
    next_cursor: str | None


def order_shape(order: Order) -> OrderShape:
    return OrderShape(
        id=str(order.id),
        client_order_id=order.client_id,
        position_id=str(order.position),
        exchange=order.venue,
        environment=order.environment,
        symbol=order.symbol,
        side=order.side,
        leg=order.leg.name.lower(),
        status=order.state,
        quantity=text(order.quantity),
        trigger_price=maybe_text(order.trigger),
        filled=text(order.filled),
        average_price=maybe_text(order.average_price),
        fee=text(order.fee),
        error_code=order.error_code,
        created_at=moment(order.created_at) or "",
        sent_at=moment(order.sent_at),
        filled_at=moment(order.filled_at),
    )


def position_shape(shown: PositionShown) -> PositionShape:
    position: Position = shown.trade.position
    closed = position.closed_at is not None
    return PositionShape(
        id=str(position.id),
        signal_id=str(position.signal),
        exchange=position.venue,
        environment=position.environment,
        simulated=position.environment != "live",
        symbol=position.symbol,
        side=position.side,
        status=position.state,
        quantity=text(position.quantity),
        planned_quantity=text(position.size.quantity),
        excess=text(position.excess),
        entry_price=maybe_text(position.entry_price),
        exit_price=maybe_text(position.exit_price),
        stop_loss=maybe_text(position.stop_loss),
        take_profit=maybe_text(position.take_profit),
        leverage=position.size.leverage,
        close_reason=position.close_reason,
        gross_pnl=text(gross(position)) if closed else None,
        realised_pnl=text(net(position)) if closed else None,
        fees=text(position.fees),
        funding=text(position.funding),
        settlement=position.settlement,
        commission=maybe_money(shown.settlement.paid) if shown.settlement else None,
        charge=_charge(shown, shown.settlement) if shown.settlement else None,
        opened_at=moment(position.opened_at),
        protected_at=moment(position.protected_at),
        closed_at=moment(position.closed_at),
    )


def _charge(shown: PositionShown, settlement: Settlement) -> CommissionShape:
    rate = shown.trade.position.terms.rate
    return CommissionShape(
        state=settlement.state,
        reason=settlement.reason,
        profit=maybe_text(settlement.profit),
        computed=settlement.computed,
        rate=None if rate is None else f"{rate:.6f}",
        exchange_rate=maybe_text(settlement.rate.brl_per_usd) if settlement.rate else None,
        amount=maybe_money(settlement.commission),
        sources=[
            SourceShape(_BALANCES[entry.account.kind], money(entry.amount))
            for entry in (shown.charge.journal.entries if shown.charge else ())
            if entry.account.kind in _BALANCES
        ],
        debt=maybe_money(settlement.debt),
    )
