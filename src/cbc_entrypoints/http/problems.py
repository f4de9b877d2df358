"""Every failure as RFC 9457 problem+json with a stable code and the request's id (GEN-09)."""

import math
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec

from cbc_domain.kernel.errors import (
    Conflict,
    Denied,
    DomainError,
    FieldFaults,
    Gone,
    Invalid,
    NotFound,
    TooMany,
    Unavailable,
)

log = structlog.get_logger()

PROBLEM_JSON: Final = "application/problem+json"


class FieldProblem(msgspec.Struct):
    field: str
    message: str
    code: str


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of every answer that is not a success; `code` is stable, the texts are not."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] = []


_STATUS_BY_CODE: Final = {
    "malformed_json": 400,
    "idempotency_key_required": 400,
    "invalid_signature": 400,
    "forbidden": 403,
    "step_up_required": 403,
    "two_factor_required": 403,
    "email_not_verified": 403,
    "terms_not_accepted": 403,
    "account_not_active": 403,
    "self_approval": 403,
    "country_not_served": 403,
    "payload_too_large": 413,
    "account_locked": 423,
    "insufficient_funds": 422,
    "exchange_error": 502,
}
_STATUS_BY_KIND: Final[tuple[tuple[type[DomainError], int], ...]] = (
    (Invalid, 422),
    (Conflict, 409),
    (NotFound, 404),
    (Gone, 410),
    (Denied, 401),
    (TooMany, 429),
    (Unavailable, 503),
)
_CODE_BY_STATUS: Final = {
    400: "malformed_json",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
    429: "rate_limited",
    503: "unavailable",
}


_RFC_9110: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Phrases that Python before 3.13 still calls by their older names."""


def phrase_of(status: int) -> str:
    """The name of a status in RFC 9110, the same on every Python."""
    return _RFC_9110.get(status) or HTTPStatus(status).phrase


def status_of(error: DomainError) -> int:
    """The HTTP status of a domain error: by its code where section 37 says so, else by its kind."""
    if error.code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[error.code]
    return next((status for kind, status in _STATUS_BY_KIND if isinstance(error, kind)), 500)


def domain_problem(request: Request[Any, Any, Any], error: DomainError) -> Response[bytes]:
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request.failed", code=error.code, route=_route(request))
    faults = error.faults if isinstance(error, FieldFaults) else ()
    headers = {"Retry-After": str(max(1, math.ceil(error.retry_after.total_seconds())))} if isinstance(error, TooMany) else {}
    errors = [FieldProblem(fault.field, fault.message, fault.code) for fault in faults]
    return _answer(request, status, error.code, error.detail, errors, headers)


def http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if isinstance(error, ValidationException):
        return _answer(request, 422, "validation_error", "expected a body and parameters as documented", _faults(error))
    status = error.status_code
    code = _CODE_BY_STATUS.get(status, "internal_error")
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() in {"allow", "retry-after"}}
    return _answer(request, status, code, phrase_of(status), [], headers)


def too_deep_problem(request: Request[Any, Any, Any], _error: RecursionError) -> Response[bytes]:
    """A JSON body nested by the thousand, which the decoder gives up on."""
    return _answer(request, 400, "malformed_json", "expected JSON of sane depth", [])


def unexpected_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    log.error("request.crashed", route=_route(request), exc_info=error)
    return _answer(request, 500, "internal_error", "an unexpected fault; it was recorded under the request id", [])


def _route(request: Request[Any, Any, Any]) -> str:
    """The path as it was declared: what stands in its place in a request may be a secret (SIG-41)."""
    return f"{request.method} {request.scope.get('path_template', '')}"


def _faults(error: ValidationException) -> list[FieldProblem]:
    items = error.extra if isinstance(error.extra, list) else []
    return [
        FieldProblem(str(item.get("key") or "body"), str(item.get("message", "")), "setting_invalid")
        for item in items
        if isinstance(item, dict)
    ]


def _answer(
    request: Request[Any, Any, Any],
    status: int,
    code: str,
    detail: str,
    errors: list[FieldProblem],
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    problem = Problem(
        type=f"urn:coinbitclub:problem:{code}",
        title=phrase_of(status),
        status=status,
        detail=detail,
        code=code,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        errors=errors,
    )
    return Response(msgspec.json.encode(problem), status_code=status, media_type=PROBLEM_JSON, headers=headers or {})


def documented(*statuses: int) -> dict[int, ResponseSpec]:
    """Say in the OpenAPI document which failures a handler can answer; every one can meet a malformed request."""
    return {
        status: ResponseSpec(Problem, description=phrase_of(status), media_type=PROBLEM_JSON, generate_examples=False)
        for status in sorted({400, *statuses})
    }
