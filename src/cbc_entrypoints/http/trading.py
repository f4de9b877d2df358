"""Signals, orders, positions, market and performance of the signed-in member (contract 2.2)."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody

from cbc_domain.application.people.pause_trading import PauseTrading
from cbc_domain.application.trading.close_position import ClosePosition
from cbc_domain.application.trading.inject_signal import InjectSignal
from cbc_domain.application.trading.preview_trade import PreviewTrade
from cbc_domain.application.trading.show_receipts import ShowReceipts
from cbc_domain.application.trading.show_trading import ShowTrading
from cbc_domain.kernel.ids import PositionId, SignalId
from cbc_domain.kernel.venues import Environment, Side
from cbc_domain.signals.model import SignalKind
from cbc_domain.signals.values import price_of, symbol_of
from cbc_domain.trading.model import PositionState
from cbc_entrypoints.http.access import Caller, needs
from cbc_entrypoints.http.idempotency import Answered, AnswerOnce, IdempotencyKey, answered
from cbc_entrypoints.http.paging import Cursor, Limit, Since, Until, period
from cbc_entrypoints.http.problems import documented
from cbc_entrypoints.http.result_shapes import PerformanceAnswer, PreviewAnswer, performance_shape, preview_shape
from cbc_entrypoints.http.shapes import PositiveText, Reason, maybe_money, object_id
from cbc_entrypoints.http.signal_shapes import ReadingShape, SignalDetail, Signals, reading_shape, signal_detail, signal_shape
from cbc_entrypoints.http.trade_shapes import Orders, Positions, PositionShape, order_shape, position_shape
from cbc_entrypoints.http.webhooks import SignalReceipt, receipt_shape, receipt_status

VIEW: Final = needs("trading.view")
ACT: Final = needs("trading.act")


class PreviewBody(msgspec.Struct, forbid_unknown_fields=True):
    symbol: str
    side: Side
    price: PositiveText | None = None


class InjectBody(msgspec.Struct, forbid_unknown_fields=True):
    """`kind` is a wire name such as OPEN_LONG_STRONG, or a text as an alert would have it."""

    symbol: str
    kind: str
    reason: Reason
    price: PositiveText | None = None
    strategy: str | None = None


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: Reason | None = None


class TradingState(msgspec.Struct):
    trading: str


class CloseAccepted(msgspec.Struct):
    position_id: str
    status: str


@get("/api/trading/signals", opt=VIEW, responses=documented(401, 422))
async def signals(
    caller: NamedDependency[Caller],
    show_trading: NamedDependency[ShowTrading],
    cursor: Cursor = None,
    limit: Limit = 50,
    symbol: FromQuery[str | None] = None,
    kind: FromQuery[SignalKind | None] = None,
) -> Signals:
    page = await show_trading.signals(caller.member.id, cursor, limit, symbol, kind)
    return Signals([signal_shape(one) for one in page.items], page.next_cursor)


@get("/api/trading/signals/{signal_id:str}", opt=VIEW, responses=documented(401, 404))
async def signal(
    signal_id: FromPath[str],
    caller: NamedDependency[Caller],
    show_trading: NamedDependency[ShowTrading],
    show_receipts: NamedDependency[ShowReceipts],
) -> SignalDetail:
    shown = await show_trading.signal(caller.member.id, SignalId(object_id(signal_id)))
    return signal_detail(shown, await show_receipts.own(caller.member, shown.signal.id))


@post(
    "/api/trading/signals",
    status_code=202,
    opt=needs("signal.inject"),
    responses=documented(400, 401, 403, 404, 409, 422) | answered(SignalReceipt, 202, 200),
)
async def inject(
    request: Request[Any, Any, Any],
    data: JSONBody[InjectBody],
    caller: NamedDependency[Caller],
    inject_signal: NamedDependency[InjectSignal],
    answer_once: NamedDependency[AnswerOnce],
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    async def act() -> Answered:
        receipt = await inject_signal(caller.member, data.strategy, data.kind, data.symbol, data.price, data.reason)
        return Answered(receipt_shape(receipt), receipt_status(receipt))

    return await answer_once(request, str(caller.member.id), idempotency_key, act)


@get("/api/trading/orders", opt=VIEW, responses=documented(401, 422))
async def orders(
    caller: NamedDependency[Caller],
    show_trading: NamedDependency[ShowTrading],
    cursor: Cursor = None,
    limit: Limit = 50,
    symbol: FromQuery[str | None] = None,
    status: FromQuery[str | None] = None,
) -> Orders:
    page = await show_trading.orders(caller.member.id, cursor, limit, symbol, status)
    return Orders([order_shape(one) for one in page.items], page.next_cursor)


@get("/api/trading/positions", opt=VIEW, responses=documented(401, 422))
async def positions(
    caller: NamedDependency[Caller],
    show_trading: NamedDependency[ShowTrading],
    cursor: Cursor = None,
    limit: Limit = 50,
    symbol: FromQuery[str | None] = None,
    status: FromQuery[PositionState | None] = None,
) -> Positions:
    """Open positions, or those of one `status`; closed ones are the history."""
    final = False if status is None else None
    page = await show_trading.positions(caller.member.id, cursor, limit, symbol, final=final, status=status)
    return Positions([position_shape(one) for one in page.items], page.next_cursor)


@get("/api/trading/history", opt=VIEW, responses=documented(401, 422))
async def history(
    caller: NamedDependency[Caller],
    show_trading: NamedDependency[ShowTrading],
    cursor: Cursor = None,
    limit: Limit = 50,
    symbol: FromQuery[str | None] = None,
) -> Positions:
    page = await show_trading.positions(caller.member.id, cursor, limit, symbol, final=True)
    return Positions([position_shape(one) for one in page.items], page.next_cursor)


@get("/api/trading/positions/{position_id:str}", opt=VIEW, responses=documented(401, 404))
async def position(
    position_id: FromPath[str], caller: NamedDependency[Caller], show_trading: NamedDependency[ShowTrading]
) -> PositionShape:
    return position_shape(await show_trading.position(caller.member.id, PositionId(object_id(position_id))))


@post(
    "/api/trading/positions/{position_id:str}/close",
    status_code=202,
    opt=ACT,
    responses=documented(400, 401, 404, 409) | answered(CloseAccepted, 202),
)
async def close(
    request: Request[Any, Any, Any],
    position_id: FromPath[str],
    caller: NamedDependency[Caller],
    close_position: NamedDependency[ClosePosition],
    answer_once: NamedDependency[AnswerOnce],
    idempotency_key: IdempotencyKey = None,
) -> Response[bytes]:
    async def act() -> Answered:
        await close_position(caller.member.id, PositionId(object_id(position_id)))
        return Answered(CloseAccepted(position_id, "closing"), 202)

    return await answer_once(request, str(caller.member.id), idempotency_key, act)


@post("/api/trading/pause", status_code=200, opt=ACT, responses=documented(401))
async def pause(
    caller: NamedDependency[Caller], pause_trading: NamedDependency[PauseTrading], data: JSONBody[ReasonBody | None] = None
) -> TradingState:
    await pause_trading(caller.member.id, paused=True, reason=data.reason if data else None)
    return TradingState("paused")


@post("/api/trading/resume", status_code=200, opt=ACT, responses=documented(401))
async def resume(
    caller: NamedDependency[Caller], pause_trading: NamedDependency[PauseTrading], data: JSONBody[ReasonBody | None] = None
) -> TradingState:
    await pause_trading(caller.member.id, paused=False, reason=data.reason if data else None)
    return TradingState("running")


@get("/api/trading/market", opt=VIEW, responses=documented(401))
async def market(show_trading: NamedDependency[ShowTrading]) -> ReadingShape:
    return reading_shape(await show_trading.market())


@get("/api/trading/performance", opt=VIEW, responses=documented(401, 422))
async def show_performance(
    caller: NamedDependency[Caller],
    show_trading: NamedDependency[ShowTrading],
    environment: FromQuery[Environment] = Environment.LIVE,
    since: Since = None,
    until: Until = None,
) -> PerformanceAnswer:
    start, end = period(since, until)
    return performance_shape(await show_trading.performance(caller.member.id, environment, start, end), environment)


@post("/api/trading/preview", status_code=200, opt=ACT, responses=documented(401, 422))
async def preview(
    data: JSONBody[PreviewBody], caller: NamedDependency[Caller], preview_trade: NamedDependency[PreviewTrade]
) -> PreviewAnswer:
    price = price_of("price", data.price) if data.price is not None else None
    previewed = await preview_trade(caller.member.id, symbol_of(data.symbol), data.side, price)
    return preview_shape(previewed.part, maybe_money(previewed.fee_at_target))


HANDLERS: Final[list[HTTPRouteHandler]] = [
    signals,
    signal,
    inject,
    orders,
    positions,
    history,
    position,
    close,
    pause,
    resume,
    market,
    show_performance,
    preview,
]
