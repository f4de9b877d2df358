"""The Litestar application: every route, the guard, the problems, the document."""

from importlib.metadata import version
from typing import Final

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import ScalarRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ExceptionHandlersMap

from cbc_domain.kernel.errors import DomainError
from cbc_entrypoints.containers import Platform
from cbc_entrypoints.http import (
    admin,
    affiliate,
    auth,
    corrections,
    exchange_keys,
    financial,
    member_settings,
    operations,
    receipts,
    trading,
    webhooks,
)
from cbc_entrypoints.http.access import BEARER, PUBLIC, Gate, check_routes, is_public, provide_caller
from cbc_entrypoints.http.bodies import must_be_json
from cbc_entrypoints.http.bridge import from_provider
from cbc_entrypoints.http.client_address import client_address
from cbc_entrypoints.http.idempotency import AnswerOnce
from cbc_entrypoints.http.problems import domain_problem, http_problem, too_deep_problem, unexpected_problem
from cbc_entrypoints.http.request_ids import RequestIds

LARGEST_BODY: Final = 1_048_576
"""Bytes (API-04); webhooks have a limit of their own."""

USE_CASES: Final = (
    "register",
    "verify_email",
    "sign_in",
    "refresh_tokens",
    "sign_out",
    "step_up",
    "show_member",
    "show_settings",
    "change_settings",
    "show_keys",
    "add_key",
    "verify_key",
    "remove_key",
    "outgoing_addresses",
    "pause_trading",
    "receive_signal",
    "inject_signal",
    "close_position",
    "preview_trade",
    "show_trading",
    "show_receipts",
    "show_money",
    "show_debts",
    "convert_commission",
    "reverse_commission",
    "forgive_debt",
    "check_readiness",
    "check_invariants",
    "create_strategy",
)
"""The container's providers that handlers may ask for, each by its own name."""


HANDLERS: Final = (
    *webhooks.HANDLERS,
    *auth.HANDLERS,
    *member_settings.HANDLERS,
    *exchange_keys.HANDLERS,
    *trading.HANDLERS,
    *receipts.HANDLERS,
    *financial.HANDLERS,
    *affiliate.HANDLERS,
    *admin.HANDLERS,
    *corrections.HANDLERS,
    *operations.HANDLERS,
)


def create_app(platform: Platform, trusted_proxies: int = 0) -> Litestar:
    """Build the API over an opened platform, behind this many proxies of our own.

    Raises RuntimeError for a route nobody decided about (ROL-04).
    """
    handlers: ExceptionHandlersMap = {
        DomainError: domain_problem,
        HTTPException: http_problem,
        RecursionError: too_deep_problem,
        Exception: unexpected_problem,
    }
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=[handler for handler in HANDLERS if is_public(handler)]),
            Router("/", route_handlers=[one for one in HANDLERS if not is_public(one)], security=[{BEARER: []}]),
        ],
        dependencies={
            **{name: from_provider(platform.providers[name]) for name in USE_CASES},
            "answer_once": Provide(lambda: AnswerOnce(platform.store(), platform.clock()), sync_to_thread=False),
            "caller": Provide(provide_caller),
            "sent_from": Provide(client_address(trusted_proxies), sync_to_thread=False),
        },
        guards=[Gate(platform.authenticate()), must_be_json],
        exception_handlers=handlers,
        request_max_body_size=LARGEST_BODY,
        openapi_config=OpenAPIConfig(
            title="CoinBitClub",
            version=version("coinbitclub"),
            components=Components(security_schemes={BEARER: SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}),
            openapi_router=Router("/docs", route_handlers=[], include_in_schema=False, opt=PUBLIC),
            render_plugins=[ScalarRenderPlugin(path="/")],
        ),
        logging_config=None,
        debug=False,
    )
    check_routes(app)
    # Around everything, so that a path nobody knows is answered with an id too.
    app.asgi_handler = RequestIds()(app.asgi_handler)
    return app
