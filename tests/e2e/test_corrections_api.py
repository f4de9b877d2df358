"""Commissions taken back, debts forgiven, commission turned into credit: once, by whom it may be (contract 2.4, 2.5)."""

from collections.abc import Mapping
from itertools import count

import httpx
import pytest

from cbc_domain.identity.model import AffiliateTier, Role
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.ledger.postings import opening
from tests.e2e.debts import owe
from tests.e2e.house import House, SignedIn
from tests.e2e.problems import fields, problem

WHY = {"reason": "the price feed was wrong"}
_keys = count(1)


async def send(house: House, path: str, who: SignedIn, body: Mapping[str, object], key: str | None = None) -> httpx.Response:
    headers = {**who.headers, "Idempotency-Key": key or f"key-{next(_keys)}"}
    return await house.client.post(path, json=body, headers=headers)


async def real_of(house: House, who: SignedIn) -> str:
    shown = await house.client.get("/api/financial/balances", headers=who.headers)
    return str(shown.json()["balances"]["real"]["BRL"])


async def test_an_admin_takes_a_commission_back_once(house: House) -> None:
    """rules: COM-14, GEN-10, ROL-03"""
    trader, admin = await house.trader(), await house.join(Role.ADMIN)
    won = await house.won_trade(trader)
    path = f"/api/admin/positions/{won['id']}/refund-commission"

    first, replay = await send(house, path, admin, WHY, "k-1"), await send(house, path, admin, WHY, "k-1")
    later = await send(house, path, admin, WHY, "k-2")

    assert (first.status_code, first.json()["rule"]) == (200, "LED-F19")
    assert first.json()["given_back"] == [won["commission"]]
    assert replay.headers["idempotent-replay"] == "true"
    assert later.json()["journal_id"] == first.json()["journal_id"]
    assert await real_of(house, trader) == "500.00"
    shown = (await house.client.get(f"/api/trading/positions/{won['id']}", headers=trader.headers)).json()
    assert (shown["settlement"], shown["commission"], shown["charge"]["state"]) == ("REVERSED", None, "REVERSED")
    figures = (await house.client.get("/api/trading/performance", headers=trader.headers)).json()
    assert won["commission"]["amount"] not in str(figures["commission"])


@pytest.mark.parametrize("role", [Role.USER, Role.OPERADOR, Role.GESTOR])
async def test_nobody_else_may(house: House, role: Role) -> None:
    """rules: ROL-03, ROL-08, COM-14, DBT-06"""
    who = await house.join(role)
    nowhere = "019cae6b-6600-7000-8000-0414e6c3f339"

    for path in (f"/api/admin/positions/{nowhere}/refund-commission", f"/api/admin/debts/{nowhere}/forgive"):
        problem(await send(house, path, who, WHY), 403, "forbidden")


async def test_what_cannot_be_taken_back_is_said(house: House) -> None:
    """rules: COM-14, ROL-07, GEN-10, GEN-11"""
    admin = await house.join(Role.ADMIN)
    nowhere = "/api/admin/positions/019cae6b-6600-7000-8000-0414e6c3f339/refund-commission"

    problem(await send(house, nowhere, admin, WHY), 404, "not_found")
    problem(await send(house, nowhere, admin, {"reason": "because"}), 422, "reason_required")
    problem(await send(house, nowhere, admin, {**WHY, "amount": "1.00"}), 422, "validation_error")
    problem(await house.client.post(nowhere, json=WHY, headers=admin.headers), 400, "idempotency_key_required")


async def test_an_admin_forgives_a_debt_and_sees_how_old_debts_are(house: House) -> None:
    """rules: DBT-06, DBT-07, LED-F11"""
    member, admin = await house.join(), await house.join(Role.ADMIN)
    debt = await owe(house, member, Money(13_75, BRL))
    ageing = (await house.client.get("/api/admin/debts", headers=admin.headers)).json()
    path = f"/api/admin/debts/{debt}/forgive"

    answers = [await send(house, path, admin, WHY, "k-forgive") for _ in range(2)]
    again = await send(house, path, admin, WHY)

    assert {"days": "0-7", "owed": {"amount": "13.75", "currency": "BRL"}} in ageing["items"]
    assert [answer.json()["given_back"] for answer in answers] == [[{"amount": "13.75", "currency": "BRL"}]] * 2
    problem(again, 409, "state_conflict")
    shown = (await house.client.get("/api/financial/balances", headers=member.headers)).json()
    assert (shown["debt"]["BRL"], shown["debts"]) == ("0.00", [])


async def test_only_staff_see_the_lists(house: House) -> None:
    """rules: DBT-07, COM-15, ROL-03"""
    member, gestor = await house.join(), await house.join(Role.GESTOR)

    for path in ("/api/admin/debts", "/api/admin/reconciliation"):
        problem(await house.client.get(path, headers=member.headers), 403, "forbidden")
        assert (await house.client.get(path, headers=gestor.headers)).status_code == 200


async def with_commission(house: House, amount: Money) -> SignedIn:
    who, now = await house.join(tier=AffiliateTier.NORMAL), house.clock.now()
    async with house.store() as work:
        await work.books.post([opening(who.member.id, Money.zero(amount.currency), amount, [], now)], now)
        await work.commit()
    return who


async def test_an_affiliate_turns_commission_into_credit(house: House) -> None:
    """rules: AFF-30, GEN-10 (AFF-EX1)"""
    affiliate = await with_commission(house, Money(150_00, BRL))
    body = {"amount": {"amount": "100.00", "currency": "BRL"}}

    answers = [await send(house, "/api/affiliate/convert", affiliate, body, "k-convert") for _ in range(2)]

    shown = [answer.json() for answer in answers]
    assert shown[0] == shown[1]
    assert [shown[0][name]["amount"] for name in ("converted", "bonus", "credited")] == ["100.00", "10.00", "110.00"]
    balances = (await house.client.get("/api/financial/balances", headers=affiliate.headers)).json()["balances"]
    assert (balances["admin"]["BRL"], balances["commission"]["BRL"]) == ("110.00", "50.00")


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0.00", "BRL", "amount_not_positive"),
        ("-1.00", "BRL", "amount_not_positive"),
        ("1", "BRL", "amount_precision"),
        ("1.001", "BRL", "amount_precision"),
        ("1.00", "USDT", "amount_precision"),
        ("1000000000.01", "BRL", "amount_precision"),
    ],
)
async def test_an_amount_that_is_none_is_a_field_fault(house: House, amount: str, currency: str, code: str) -> None:
    """rules: MON-06, GEN-04, AFF-30, MON-01"""
    affiliate = await with_commission(house, Money(150_00, BRL))

    answer = await send(house, "/api/affiliate/convert", affiliate, {"amount": {"amount": amount, "currency": currency}})

    problem(answer, 422, "validation_error")
    assert fields(answer) == {"amount": code}


async def test_more_than_the_balance_and_members_without_a_tier_are_refused(house: House) -> None:
    """rules: AFF-30, ROL-03, MON-02"""
    affiliate, member = await with_commission(house, Money(150_00, BRL)), await house.join()
    for amount, currency in (("150.01", "BRL"), ("1.00", "USD")):
        body = {"amount": {"amount": amount, "currency": currency}}
        problem(await send(house, "/api/affiliate/convert", affiliate, body), 422, "insufficient_funds")

    problem(await send(house, "/api/affiliate/convert", member, body), 403, "forbidden")
