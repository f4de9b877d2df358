"""Who may call what (ROL), and what every failure looks like (GEN-09)."""

from typing import Any, Final

import pytest
from litestar import Litestar, WebSocket, asgi, get, post, websocket
from litestar.types import Receive, Scope, Send

from cbc_domain.identity.model import Role
from cbc_domain.kernel.errors import Conflict, Denied, DomainError, Gone, Invalid, NotFound, Unavailable
from cbc_entrypoints.http.access import PUBLIC, check_routes, needs
from cbc_entrypoints.http.app import HANDLERS
from cbc_entrypoints.http.problems import status_of
from tests.e2e.house import House, SignedIn
from tests.e2e.problems import fields, problem
from tests.rulebook import table

KINDS: Final = {
    400: Invalid,
    401: Denied,
    403: Denied,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    423: Denied,
    503: Unavailable,
}
STRATEGY: Final = {"name": "Another strategy", "bar_minutes": 15}
PUBLIC_PATHS: Final = {
    *("/api/auth/register", "/api/auth/verify-email", "/api/auth/login", "/api/auth/refresh", "/api/financial/plans"),
    *("/api/webhooks/signal/{secret:str}", "/api/webhooks/signal", "/webhook"),
    *("/health/live", "/health/ready", "/version", "/openapi.json"),
}


@get("/forgotten")
async def forgotten() -> str:
    return "anybody"


@get("/misspelt", opt={"permission": "trading.veiw", "scope": "own"})
async def misspelt() -> str:
    return "anybody"


@get("/unscoped", opt={"permission": "trading.view"})
async def unscoped() -> str:
    return "anybody"


@websocket("/socket")
async def socket(socket: WebSocket[Any, Any, Any]) -> None: ...


@asgi("/mounted", copy_scope=True)
async def mounted(scope: Scope, receive: Receive, send: Send) -> None: ...


@post("/decided", opt=needs("trading.act"))
async def decided() -> None: ...


@get("/open", opt=PUBLIC)
async def public() -> str:
    return "anybody"


@pytest.mark.parametrize("handler", [forgotten, misspelt, unscoped, socket, mounted], ids=lambda handler: handler.handler_name)
def test_a_route_that_nobody_decided_about_stops_the_start(handler: object) -> None:
    """rules: ROL-04"""
    app = Litestar([handler, decided, public], openapi_config=None)  # type: ignore[list-item]  # any kind of handler

    with pytest.raises(RuntimeError, match=r"^routes without a permission: \S+ /\w+$"):
        check_routes(app)


def test_decided_routes_let_it_start() -> None:
    """rules: ROL-04"""
    check_routes(Litestar([decided, public], openapi_config=None))


async def test_every_route_that_is_not_public_wants_a_token(house: House) -> None:
    """rules: ROL-04, AUT-06"""
    public_ = {path for handler in HANDLERS for path in handler.paths if handler.opt["permission"] == "public"}
    assert public_ == PUBLIC_PATHS

    for handler in HANDLERS:
        for path in handler.paths - public_:
            for method in handler.http_methods:
                url = path.replace("{", "").replace("}", "").replace(":", "-")
                problem(await house.client.request(method, url, content=b"nonsense"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/admin/ledger/proof", {Role.ADMIN, Role.GESTOR}),
        ("POST", "/api/admin/strategies", {Role.ADMIN}),
        ("POST", "/api/trading/signals", {Role.ADMIN, Role.OPERADOR}),
        ("GET", "/api/trading/orders", set(Role)),
        ("GET", "/api/financial/balances", set(Role)),
    ],
)
async def test_a_role_reaches_what_the_table_gives_it(house: House, method: str, path: str, allowed: set[Role]) -> None:
    """rules: ROL-01, ROL-03, API-09"""
    for role in Role:
        who = await house.join(role)
        body = STRATEGY if "strategies" in path else None
        answer = await house.client.request(method, path, json=body, headers=who.headers)
        if role in allowed:
            assert answer.status_code in (200, 201, 422), answer.text
        else:
            problem(answer, 403, "forbidden")


async def test_the_role_is_the_members_own_and_not_what_his_old_token_says(house: House, admin: SignedIn) -> None:
    """rules: ROL-05"""
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE members SET role = 'USER'")

    problem(await house.client.get("/api/admin/ledger/proof", headers=admin.headers), 403, "forbidden")


async def test_the_proof_of_the_books_after_a_trade(house: House, admin: SignedIn) -> None:
    """rules: LED-20, POS-07"""
    await house.won_trade(await house.trader())

    proof = (await house.client.get("/api/admin/ledger/proof", headers=admin.headers)).json()

    assert (proof["holds"], proof["journals"], proof["unbalanced"], proof["unprotected_positions"]) == (True, 2, [], 0)


async def test_a_new_strategy_is_told_its_address_once(house: House, admin: SignedIn) -> None:
    """rules: SIG-02, SIG-41"""
    answer = await house.client.post("/api/admin/strategies", json=STRATEGY, headers=admin.headers)

    created = answer.json()
    assert (answer.status_code, created["slug"], answer.headers["cache-control"]) == (201, "another-strategy", "no-store")
    path = created["webhook_url"].removeprefix("http://club.invalid")
    assert (await house.alert(house.body(), path)).status_code == 202
    assert path.rpartition("/")[2] not in str(await house.rows("SELECT * FROM strategy_secrets"))
    again = await house.client.post("/api/admin/strategies", json=STRATEGY, headers=admin.headers)
    problem(again, 409, "already_exists")


@pytest.mark.parametrize(
    "changes",
    [
        {"bar_minutes": 0},
        {"bar_minutes": 7},
        {"bar_minutes": -30},
        {"bar_minutes": 10**30},
        {"bar_minutes": 30.5},
        {"name": ""},
        {"name": "---"},
        {"name": "x" * 101},
        {"name": "a\u0000b"},
        {"owner": "me"},
    ],
)
async def test_a_strategy_of_nonsense_is_refused(house: House, admin: SignedIn, changes: dict[str, object]) -> None:
    """rules: SIG-36, GEN-11"""
    answer = await house.client.post("/api/admin/strategies", json=STRATEGY | changes, headers=admin.headers)

    problem(answer, 422, "validation_error")
    assert set(fields(answer)) <= {*changes, "data"}


@pytest.mark.parametrize("row", [row for row in table("error_codes") if row["http"] in KINDS], ids=lambda row: row["code"])
def test_every_code_has_the_status_of_the_book(row: dict[str, object]) -> None:
    """rules: API-02, GEN-09"""
    kind: type[DomainError] = KINDS[row["http"]]  # type: ignore[index]  # the table holds whole numbers

    assert status_of(kind(str(row["code"]), "expected something else")) == row["http"]


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api", "/api/auth", "/api/auth/login/", "/api/trading/orders/1", "/%00", "/é", "//"]
)
async def test_an_unknown_path_is_not_found(house: House, path: str) -> None:
    """rules: API-04"""
    answer = await house.client.get(f"http://club.invalid{path}")

    assert answer.status_code in (404, 405)
    problem(answer, answer.status_code, "not_found" if answer.status_code == 404 else "method_not_allowed")


@pytest.mark.parametrize(("path", "method"), [("/version", "POST"), ("/api/auth/me", "DELETE"), ("/api/auth/login", "GET")])
async def test_a_wrong_method_names_the_right_ones(house: House, path: str, method: str) -> None:
    """rules: API-04"""
    answer = await house.client.request(method, path)

    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/msgpack"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
    ids=str,
)
async def test_a_body_that_is_not_json_is_of_the_wrong_type(house: House, headers: dict[str, str]) -> None:
    """rules: API-04"""
    answer = await house.client.post("/api/auth/login", content=b'{"email":"a","password":"b"}', headers=headers)

    problem(answer, 415, "unsupported_media_type")


async def test_a_body_above_a_mebibyte_is_too_large(house: House) -> None:
    """rules: API-04"""
    headers = {"Content-Type": "application/json; charset=utf-8"}

    answer = await house.client.post("/api/auth/login", content=b" " * 1_048_577, headers=headers)

    problem(answer, 413, "payload_too_large")


@pytest.mark.parametrize("given", ["abc-123_.Z", "x" * 64])
async def test_a_sane_request_id_comes_back(house: House, given: str) -> None:
    """rules: API-10"""
    for path in ("/version", "/nowhere"):
        assert (await house.client.get(path, headers={"X-Request-Id": given})).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", "a\tb", "\xe9"])
async def test_an_odd_request_id_is_replaced(house: House, given: str) -> None:
    """rules: API-10"""
    answer = await house.client.get("/nowhere", headers={b"X-Request-Id": given.encode("latin-1")})

    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
