"""`cbc admin`: staff, credit and strategies made by hand, and what the API then says of them."""

from decimal import Decimal
from pathlib import Path

import httpx

from tests.integration.cli.program import Ended, cbc, columns, serving


def test_what_is_made_by_hand_works_over_the_api(data: Path) -> None:
    """rules: ROL-11, LED-07, SIG-02, SIG-41"""
    password = "correct horse battery 7 staple"
    with serving(data, "serve", "--port", "0") as running:
        email = ("--email", "Ana@Club.invalid", "--role", "ADMIN", "--verified")
        made = cbc(data, "admin", "create-user", *email, "--password-stdin", typed=f"{password}\n")
        again = cbc(data, "admin", "create-user", *email)
        grants = [_grant(data, amount) for amount in ("25.00", "25.00", "26.00", "25.123")]
        strategy = cbc(data, "admin", "create-strategy", "--name", "Trend 30", "--base-url", running.url)
        twin = cbc(data, "admin", "create-strategy", "--name", "Trend 30")
        statement = cbc(data, "ledger", "statement", "ana@club.invalid")
        story = cbc(data, "explain", statement.out.split()[-1])
        with httpx.Client(base_url=running.url) as client:
            tokens = client.post("/api/auth/login", json={"email": "ana@club.invalid", "password": password}).json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            balances = client.get("/api/financial/balances", headers=bearer).json()["balances"]
            alert = client.post(strategy.out.strip(), content='{"ticker": "BTCUSDT", "signal": "FECHE LONG"}')

    assert made.code == 0
    assert columns(made.out)["role"] == ["ADMIN"]
    assert password not in made.out
    assert (again.code, again.in_one_line, "already_exists" in again.err) == (2, True, True)
    assert [grant.code for grant in grants] == [0, 0, 2, 2]
    assert grants[0].out.replace("credited", "credited before", 1) == grants[1].out
    assert "idempotency_key_reused" in grants[2].err
    assert Decimal(balances["admin"]["BRL"]) == Decimal("25.00")
    assert (alert.status_code, twin.code, twin.in_one_line) == (202, 2, True)
    assert strategy.out.startswith(f"{running.url}/api/webhooks/signal/")
    assert strategy.out.count("\n") == 1
    assert (statement.code, "BRL 25.00" in statement.out) == (0, True)
    assert (story.code, "manual_credit:request-1" in story.out) == (0, True)


def test_a_generated_password_is_printed_and_a_weak_one_refused(data: Path, postgres_url: str) -> None:
    """rules: AUT-02"""
    made = cbc(data, "admin", "create-user", "--email", "b@club.invalid", "--role", "GESTOR", CBC_DATABASE_URL=postgres_url)
    weak = cbc(
        *(data, "admin", "create-user", "--email", "c@club.invalid", "--role", "GESTOR", "--password-stdin"),
        typed="short\n",
        CBC_DATABASE_URL=postgres_url,
    )

    assert (made.code, len(columns(made.out)["password"][0]) >= 20) == (0, True)
    assert (weak.code, weak.in_one_line, "password" in weak.err) == (2, True, True)


def _grant(data: Path, amount: str) -> Ended:
    return cbc(
        data,
        *("admin", "grant-credit", "--member", "ana@club.invalid", "--amount", amount),
        *("--reason", "a broken promise", "--request", "request-1"),
    )
