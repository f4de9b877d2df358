"""Is it alive, is it ready, which version is it (contract 2.7)."""

from importlib.metadata import version
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.serialization import encode_json

from cbc_domain.application.health.check_readiness import CheckReadiness
from cbc_entrypoints.http.access import PUBLIC
from cbc_entrypoints.http.problems import documented


class Alive(msgspec.Struct):
    status: str


class PartState(msgspec.Struct):
    """`age_s` is how old what it tells is, in seconds; null when it has no age."""

    state: str
    age_s: int | None


class Ready(msgspec.Struct):
    status: str
    parts: dict[str, PartState]


class Version(msgspec.Struct):
    name: str
    version: str


@get("/health/live", opt=PUBLIC)
async def live() -> Alive:
    return Alive("ok")


@get("/health/ready", opt=PUBLIC, responses=documented(503))
async def ready(check_readiness: NamedDependency[CheckReadiness]) -> Response[Ready]:
    """503 only when a part is away that requests cannot do without (OPS-01)."""
    readiness = await check_readiness()
    parts = {part.name: PartState(part.state, part.age_s) for part in readiness.parts}
    return Response(Ready("ok" if readiness.serves else "unavailable", parts), status_code=200 if readiness.serves else 503)


@get("/version", opt=PUBLIC)
async def show_version() -> Version:
    return Version("coinbitclub", version("coinbitclub"))


@get("/openapi.json", opt=PUBLIC, include_in_schema=False)
async def openapi_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    return Response(encode_json(request.app.openapi_schema.to_schema()), media_type="application/vnd.oai.openapi+json")


HANDLERS: Final[list[HTTPRouteHandler]] = [live, ready, show_version, openapi_document]
