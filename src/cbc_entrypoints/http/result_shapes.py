"""The wire shapes of what a trade would be, and of what trades came to."""

import msgspec

from cbc_domain.trading.model import Ordered, Skipped
from cbc_domain.trading.performance import Performance
from cbc_entrypoints.http.shapes import MoneyShape, maybe_text, moment, money, text


class PreviewAnswer(msgspec.Struct):
    """Null amounts when the trade is refused; `refusals` says why, in the order of ELG-04."""

    margin: str | None
    notional: str | None
    quantity: str | None
    leverage: int | None
    stop_loss: str | None
    take_profit: str | None
    loss_at_stop: str | None
    gain_at_target: str | None
    fee_at_target: MoneyShape | None
    flags: list[str]
    environment: str
    refusals: list[str]


class SymbolResult(msgspec.Struct):
    symbol: str
    trades: int
    realised_pnl: str


class PerformanceAnswer(msgspec.Struct):
    """Recorded trades of one environment; null where there is no data."""

    environment: str
    simulated: bool
    trades: int
    win_rate: str | None
    realised_pnl: str
    fees: str
    funding: str
    commission: list[MoneyShape]
    max_drawdown: str
    profit_factor: str | None
    by_symbol: list[SymbolResult]
    equity: list[tuple[str, str]]


def preview_shape(part: Ordered | Skipped, fee: MoneyShape | None) -> PreviewAnswer:
    if isinstance(part, Skipped):
        nothing = (None,) * 9
        return PreviewAnswer(*nothing, flags=[], environment=part.environment, refusals=[one.value for one in part.reasons])
    size = part.position.size
    return PreviewAnswer(
        margin=text(size.margin),
        notional=text(size.notional),
        quantity=text(size.quantity),
        leverage=size.leverage,
        stop_loss=text(size.stop_loss),
        take_profit=text(size.take_profit),
        loss_at_stop=text(size.loss_at_stop),
        gain_at_target=text(size.gain_at_target),
        fee_at_target=fee,
        flags=[flag.value for flag in size.flags],
        environment=part.position.environment,
        refusals=[],
    )


def performance_shape(figures: Performance, environment: str) -> PerformanceAnswer:
    return PerformanceAnswer(
        environment=environment,
        simulated=environment != "live",
        trades=figures.trades,
        win_rate=maybe_text(figures.win_rate),
        realised_pnl=text(figures.realised_pnl),
        fees=text(figures.fees),
        funding=text(figures.funding),
        commission=[money(amount) for amount in figures.commission],
        max_drawdown=text(figures.max_drawdown),
        profit_factor=maybe_text(figures.profit_factor),
        by_symbol=[SymbolResult(symbol, count, text(value)) for symbol, count, value in figures.by_symbol],
        equity=[(moment(at) or "", text(value)) for at, value in figures.equity],
    )
