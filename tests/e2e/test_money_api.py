"""Balances, statement and explanations after a settled trade (contract 2.3)."""

import csv
from decimal import Decimal

import httpx
import pytest

from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.money import BRL, Money
from tests.e2e.debts import owe
from tests.e2e.house import House, SignedIn
from tests.e2e.problems import problem


async def get(house: House, path: str, who: SignedIn, **query: str) -> httpx.Response:
    return await house.client.get(f"/api/financial/{path}", headers=who.headers, params=query)


async def test_a_new_member_has_nothing_and_is_told_why_he_cannot_trade_live(house: House, member: SignedIn) -> None:
    """rules: BAL-01, ELG-02, GEN-04, API-10"""
    shown = (await get(house, "balances", member)).json()

    nothing = {"BRL": "0.00", "USD": "0.00"}
    assert shown["balances"] == {"real": nothing, "admin": nothing, "commission": nothing}
    assert (shown["held"], shown["debt"], shown["credit_lots"]) == (nothing, nothing, [])
    assert (shown["can_trade_live"], shown["reasons"]) == (
        False,
        ["balance_below_minimum", "live_key_not_valid", "member_live_off"],
    )
    assert (await get(house, "transactions", member)).json() == {"items": [], "next_cursor": None}


async def test_a_settled_trade_shows_in_balances_statement_and_explanation(house: House) -> None:
    """rules: BAL-10, BAL-13, COM-01, LED-02"""
    trader = await house.trader()
    position = await house.won_trade(trader)
    commission = Decimal(position["commission"]["amount"])

    balances = (await get(house, "balances", trader)).json()
    lines = (await get(house, "transactions", trader)).json()["items"]
    explained = (await get(house, f"transactions/{lines[0]['id']}", trader)).json()

    assert Decimal(balances["balances"]["real"]["BRL"]) == 500 - commission
    assert balances["can_trade_live"] is True
    assert [line["amount"]["amount"] for line in lines] == [f"-{commission}", "500.00"]
    assert lines[0]["balance"] == {"amount": balances["balances"]["real"]["BRL"], "currency": "BRL"}
    sums = {"D": Decimal(0), "C": Decimal(0)}
    for entry in explained["entries"]:
        sums[entry["side"]] += Decimal(entry["amount"]["amount"])
    assert sums["D"] == sums["C"] == commission
    assert [entry["mine"] for entry in explained["entries"]] == [True, False]
    assert explained["key"] == f"commission:{position['id']}"
    assert (explained["rule"], explained["cause"]) == ("LED-F09", {"kind": "position", "id": position["id"]})
    assert explained["rate"]["brl_per_usd"] == "5.25"
    charged_on = explained["charged_on"]
    assert charged_on["commission_rate"] == "0.100000"
    assert (charged_on["position_id"], charged_on["plan"], charged_on["computed"]) == (position["id"], "PRO_BR", False)
    assert abs(Decimal(charged_on["profit"]) * Decimal("0.525") - commission) <= Decimal("0.005")


async def test_a_position_tells_its_member_what_it_was_charged_and_from_what(house: House) -> None:
    """rules: COM-11"""
    trader = await house.trader(real=Money(100_00, BRL))
    await house.platform.grant_credit()(trader.member.id, Money(5_00, BRL), "r-com-11", "staff", "a welcome")
    won = await house.won_trade(trader)
    position = (await house.client.get(f"/api/trading/positions/{won['id']}", headers=trader.headers)).json()

    charge = position["charge"]
    parts = {source["balance"]: Decimal(source["amount"]["amount"]) for source in charge["sources"]}
    gross, fees, funding = (Decimal(position[name]) for name in ("gross_pnl", "fees", "funding"))
    assert gross - fees - funding == Decimal(position["realised_pnl"]) == Decimal(charge["profit"])
    assert (charge["rate"], charge["exchange_rate"], charge["state"]) == ("0.100000", "5.25", "SETTLED")
    assert parts["admin"] == 5
    assert sum(parts.values()) + Decimal(charge["debt"]["amount"]) == Decimal(charge["amount"]["amount"])


async def test_an_open_debt_is_shown_with_what_it_came_from(house: House) -> None:
    """rules: DBT-07, DBT-01"""
    member = await house.join()
    debt = await owe(house, member, Money(13_75, BRL))

    shown = (await get(house, "balances", member)).json()

    assert shown["debt"]["BRL"] == "13.75"
    assert [(one["id"], one["cause"], one["remaining"]) for one in shown["debts"]] == [
        (str(debt), "commission", {"amount": "13.75", "currency": "BRL"})
    ]


async def test_a_transaction_of_somebody_else_is_not_there(house: House) -> None:
    """rules: ROL-06"""
    trader, other = await house.join(real=Money(10_000, BRL)), await house.join()
    (line,) = (await get(house, "transactions", trader)).json()["items"]

    problem(await get(house, f"transactions/{line['id']}", other), 404, "not_found")
    problem(await get(house, "transactions/nonsense", other), 404, "not_found")


async def test_an_affiliate_learns_of_his_share_and_not_of_who_paid(house: House) -> None:
    """rules: COM-04, AFF-01, ROL-06"""
    affiliate = await house.join(tier=AffiliateTier.NORMAL)
    trader = await house.trader(referred_by=affiliate.member.id)
    await house.won_trade(trader)

    (line,) = (await get(house, "transactions", affiliate)).json()["items"]
    explained = await get(house, f"transactions/{line['id']}", affiliate)

    assert Decimal(line["amount"]["amount"]) > 0
    assert explained.status_code == 200
    for told in (line, explained.json()):
        assert str(trader.member.id) not in str(told)
        assert trader.member.email not in str(told)


async def test_the_file_holds_every_line_of_the_statement(house: House) -> None:
    """rules: BAL-13"""
    member = await house.join()
    for number in range(205):
        await house.platform.record_recharge()(member.member.id, Money(100, BRL), f"many-{number}")

    answer = await get(house, "transactions.csv", member)
    until = await get(house, "transactions.csv", member, to="2026-03-02T12:00:00Z")

    rows = list(csv.DictReader(answer.text.splitlines()))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) == 205
    assert (rows[0]["balance"], rows[-1]["balance"]) == ("205.00", "1.00")
    assert len({row["id"] for row in rows}) == 205
    assert rows[0]["reference"] == "payment_intent many-204"
    assert len(until.text.splitlines()) == 1


async def test_the_statement_is_walked_page_by_page(house: House) -> None:
    """rules: API-03, BAL-13"""
    member = await house.join()
    for number in range(5):
        await house.platform.record_recharge()(member.member.id, Money(100, BRL), f"pages-{number}")
    seen: list[str] = []
    cursor: str | None = None

    for _ in range(3):
        page = (await get(house, "transactions", member, limit="2", **({"cursor": cursor} if cursor else {}))).json()
        seen += [line["balance"]["amount"] for line in page["items"]]
        cursor = page["next_cursor"]

    assert (seen, cursor) == (["5.00", "4.00", "3.00", "2.00", "1.00"], None)


@pytest.mark.parametrize(
    "query",
    [{"limit": "0"}, {"limit": "201"}, {"cursor": "x"}, {"cursor": "%%%"}, {"from": "x"}, {"to": "2026-13-01T00:00:00Z"}],
)
@pytest.mark.parametrize("path", ["transactions", "transactions.csv"])
async def test_a_bad_query_is_refused(house: House, member: SignedIn, path: str, query: dict[str, str]) -> None:
    """rules: API-03"""
    answer = await get(house, path, member, **query)

    if path == "transactions.csv" and query.keys() & {"limit", "cursor"}:
        assert answer.status_code == 200
    else:
        problem(answer, 422, "validation_error")


async def test_plans_and_rates_are_shown_as_text(house: House, member: SignedIn) -> None:
    """rules: FX-01, GEN-04, GEN-12"""
    plans = (await house.client.get("/api/financial/plans")).json()["items"]
    rates = (await get(house, "exchange-rates", member)).json()

    assert {plan["code"] for plan in plans} >= {"PRO_BR", "FLEX_BR", "NONE"}
    assert all(isinstance(plan["price"], str) for plan in plans)
    assert rates["rates"]["BRL"]["rate"] == "5.250000"


async def test_a_reference_with_commas_and_quotes_stays_in_its_cell(house: House) -> None:
    """rules: BAL-13, GEN-11"""
    member = await house.join()
    await house.platform.record_recharge()(member.member.id, Money(100, BRL), 'odd,"name"')

    (row,) = csv.DictReader((await get(house, "transactions.csv", member)).text.splitlines())

    assert (row["balance"], row["reference"]) == ("1.00", 'payment_intent odd,"name"')
