"""Who may call what: every route names a permission or says that it is public (ROL-03, ROL-04)."""

from collections.abc import Iterable
from typing import Any, Final

import attrs
from litestar import Request
from litestar.app import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import BaseRoute

from cbc_domain.application.people.sign_in import Authenticate
from cbc_domain.identity.model import Member, Permission, Scope
from cbc_domain.identity.rules import scope_of
from cbc_domain.kernel.errors import Denied
from cbc_domain.kernel.ids import SessionId

PUBLIC: Final = {"permission": "public"}
SIGNED_IN: Final = {"permission": "signed_in"}
BEARER: Final = "bearer"
"""The security scheme's name in the OpenAPI document."""


def needs(permission: str, scope: Scope = Scope.OWN, *, step_up: bool = False) -> dict[str, object]:
    """Mark a handler: callers need at least this scope of the permission (section 3), and a step-up if it says so (AUT-15)."""
    return {"permission": permission, "scope": scope.value, "step_up": step_up}


@attrs.frozen
class Caller:
    """The signed-in member of this request; never taken from anything but the token (ROL-05)."""

    member: Member
    session: SessionId


@attrs.frozen
class Gate:
    """The guard of the whole application; a route without a mark is refused at start-up by `check_routes`."""

    authenticate: Authenticate

    async def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        if is_public(handler) or handler.opt.get("exclude_from_auth"):
            return
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Denied("unauthenticated", "expected Authorization: Bearer <access token>")
        holder = await self.authenticate(token.strip())
        permission = str(handler.opt["permission"])
        if permission != "signed_in":
            _check(scope_of(holder.member, Permission(permission)), Scope(handler.opt["scope"]))
        if handler.opt.get("step_up") and not holder.stepped_up:
            raise Denied("step_up_required", "expected a proof of who you are within the last five minutes")
        connection.scope["state"]["caller"] = Caller(holder.member, holder.session)


def _check(held: Scope, needed: Scope) -> None:
    order = (Scope.NONE, Scope.OWN, Scope.ALL)
    if order.index(held) < order.index(needed):
        raise Denied("forbidden", "expected a role that may do this")


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    caller: Caller = request.scope["state"]["caller"]
    return caller


def is_public(handler: BaseRouteHandler) -> bool:
    return handler.opt.get("permission") == "public"


def check_routes(app: Litestar) -> None:
    """Stop the start of an application with a route that nobody decided about (ROL-04)."""
    undecided = [
        f"{'/'.join(sorted(map(str, getattr(handler, 'http_methods', ['*']))))} {route.path}"
        for route in app.routes
        for handler in _handlers(route)
        if not handler.opt.get("exclude_from_auth") and not _is_decided(handler)
    ]
    if undecided:
        raise RuntimeError(f"routes without a permission: {', '.join(sorted(undecided))}")


def _handlers(route: BaseRoute) -> Iterable[BaseRouteHandler]:
    """HTTP routes have several, sockets and mounted applications have one."""
    several = getattr(route, "route_handlers", None)
    return several if several is not None else [getattr(route, "route_handler")]  # noqa: B009 - no common supertype has it


def _is_decided(handler: BaseRouteHandler) -> bool:
    if getattr(handler, "http_methods", None) == {"OPTIONS"}:
        return True
    name = handler.opt.get("permission")
    return name in ("public", "signed_in") or (name in set(Permission) and handler.opt.get("scope") in set(Scope))
