"""The wire shapes of orders and positions."""

import msgspec

from cbc_domain.application.trading.show_trading import PositionShown
from cbc_domain.trading.model import Order, Position
from cbc_domain.trading.positions import gross, net
from cbc_entrypoints.http.shapes import MoneyShape, maybe_money, maybe_text, moment, text


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


class PositionShape(msgspec.Struct):
    """Quantities in the venue's unit, results in USDT; `simulated` is true for testnet and paper (GEN-13)."""

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
        commission=maybe_money(shown.settlement.commission) if shown.settlement else None,
        opened_at=moment(position.opened_at),
        protected_at=moment(position.protected_at),
        closed_at=moment(position.closed_at),
    )
