"""What kind of body a request may bring: JSON, uncompressed; webhooks take anything (API-04, SIG-11)."""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler

ANY_BODY: Final = {"any_body": True}
"""Mark a handler that reads its bytes itself."""

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


async def must_be_json(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Guard: refuse a body of another type or encoding with 415; a request without a body names no type."""
    if handler.opt.get("any_body") or connection.scope.get("method") not in _WITH_BODY:
        return
    headers = connection.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" or headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(status_code=415)
