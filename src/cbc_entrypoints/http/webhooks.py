"""The TradingView webhook in its three forms (contract 2.6, SIG-40, SIG-46)."""

from contextlib import aclosing
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter

from cbc_domain.application.trading.receive_signal import Receipt, ReceiveSignal
from cbc_domain.signals.body import LARGEST_BODY
from cbc_entrypoints.http.access import PUBLIC
from cbc_entrypoints.http.bodies import ANY_BODY
from cbc_entrypoints.http.problems import documented


class SignalReceipt(msgspec.Struct):
    """`status` is accepted, expired, or rejected for an open of a paused strategy."""

    signal_id: str
    status: str
    duplicate: bool


OPEN: Final = {**PUBLIC, **ANY_BODY}
_DOCUMENTED: Final = documented(401, 413, 422, 429, 503) | {
    200: ResponseSpec(SignalReceipt, description="A repeat, or too late to act on", generate_examples=False)
}


@post(
    "/api/webhooks/signal/{secret:str}",
    status_code=202,
    opt=OPEN,
    request_max_body_size=None,
    responses=_DOCUMENTED,
)
async def signal_by_path(
    request: Request[Any, Any, Any],
    secret: FromPath[str],
    receive_signal: NamedDependency[ReceiveSignal],
    sent_from: NamedDependency[str | None],
) -> Response[SignalReceipt]:
    return _answer(await receive_signal(await _body(request), secret, address=sent_from))


@post(
    ["/api/webhooks/signal", "/webhook"],
    status_code=202,
    opt=OPEN,
    request_max_body_size=None,
    responses=_DOCUMENTED,
)
async def signal_by_body(
    request: Request[Any, Any, Any],
    receive_signal: NamedDependency[ReceiveSignal],
    sent_from: NamedDependency[str | None],
    signature: Annotated[str | None, HeaderParameter(name="X-CBC-Signature")] = None,
) -> Response[SignalReceipt]:
    """The secret stands in the body as `secret` or in a bearer header, or the body is signed (SIG-42)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    secret = token.strip() if scheme.lower() == "bearer" and token.strip() else None
    return _answer(await receive_signal(await _body(request), secret, signature, sent_from))


async def _body(request: Request[Any, Any, Any]) -> bytes:
    """Read no more than it takes to know that a body is too large; the sender is still told and remembered (SIG-46)."""
    body = bytearray()
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > LARGEST_BODY:
                return bytes(body[: LARGEST_BODY + 1])
    return bytes(body)


def _answer(receipt: Receipt) -> Response[SignalReceipt]:
    return Response(receipt_shape(receipt), status_code=receipt_status(receipt))


def receipt_shape(receipt: Receipt) -> SignalReceipt:
    return SignalReceipt(str(receipt.signal), receipt.status, receipt.duplicate)


def receipt_status(receipt: Receipt) -> int:
    """202 when something will come of it, else 200 (SIG-46)."""
    return 202 if receipt.status == "accepted" and not receipt.duplicate else 200


HANDLERS: Final[list[HTTPRouteHandler]] = [signal_by_path, signal_by_body]
