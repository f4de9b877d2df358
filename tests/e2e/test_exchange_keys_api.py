"""Exchange keys over HTTP: a secret goes in and never comes out (KEY)."""

import httpx
import pytest

from cbc_domain.ports.venue_keys import KeyFindings
from tests.e2e.house import OUTGOING, House, Json, SignedIn
from tests.e2e.problems import fields, problem

PATH = "/api/trading/exchange-keys"
KEY, SECRET, PHRASE = "Hush0Public1Key2Of3Ana4wxyz", "hush-secret-of-ana", "hush-phrase-of-ana"
GOOD = KeyFindings(reads=True, trades=True, withdraws=False, hedge=True, restricted=True)
BODY: Json = {"exchange": "bybit", "environment": "live", "label": "main", "api_key": KEY, "api_secret": SECRET}


async def add(house: House, member: SignedIn, **changed: object) -> httpx.Response:
    body = {name: value for name, value in {**BODY, **changed}.items() if value is not None}
    return await house.client.post(PATH, json=body, headers=member.headers)


async def connected(house: House, member: SignedIn) -> Json:
    house.findings[KEY] = GOOD
    answer = await add(house, member)
    answer.raise_for_status()
    found: Json = answer.json()
    return found


async def test_a_key_is_answered_without_its_secrets(house: House, member: SignedIn) -> None:
    """rules: KEY-01, KEY-03, KEY-06, KEY-08"""
    house.findings[KEY] = GOOD

    added = await add(house, member)
    listed = await house.client.get(PATH, headers=member.headers)

    assert added.status_code == 201
    shown = added.json()
    assert shown == {
        "id": shown["id"],
        "exchange": "bybit",
        "environment": "live",
        "label": "main",
        "last4": "wxyz",
        "status": "VALID",
        "permissions": {
            "trade": True,
            "withdraw": False,
            "hedge_mode": True,
            "ip_restricted": True,
            "expires_at": None,
            "verified_at": "2026-03-02T12:00:00.000000Z",
        },
        "ips_to_allow": list(OUTGOING),
        "warnings": [],
        "refusals": [],
    }
    assert listed.json() == {"items": [shown], "ips_to_allow": list(OUTGOING)}
    assert not any(secret in added.text + listed.text for secret in (KEY, SECRET))


async def test_nothing_of_a_key_stands_in_the_database_in_plain_text(house: House, member: SignedIn) -> None:
    """rules: KEY-06, KEY-12"""
    house.findings[KEY] = GOOD
    await add(house, member, exchange="okx", passphrase=PHRASE)

    rows = [
        *await house.rows("SELECT * FROM exchange_keys"),
        *await house.rows("SELECT * FROM exchange_accounts"),
        *await house.rows("SELECT * FROM key_audit"),
        *await house.rows("SELECT * FROM sealed_peppers"),
    ]

    assert len(rows) == 4
    assert not any(secret in repr(rows) for secret in (KEY, SECRET, PHRASE))


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        (KeyFindings(reads=True, trades=True, withdraws=True, hedge=False), "key_can_withdraw"),
        (KeyFindings(reads=True, trades=True, withdraws=None, hedge=False), "key_permissions_unknown"),
        (KeyFindings(reads=True, trades=False, withdraws=False, hedge=False), "key_cannot_trade"),
        (KeyFindings(reads=True, trades=True, withdraws=False, hedge=None), "key_position_mode"),
    ],
)
async def test_a_key_that_may_too_much_or_too_little_is_refused(
    house: House, member: SignedIn, findings: KeyFindings, code: str
) -> None:
    """rules: KEY-03, KEY-04"""
    house.findings[KEY] = findings

    refused = await add(house, member)

    problem(refused, 422, code)
    assert KEY not in refused.text
    assert (await house.client.get(PATH, headers=member.headers)).json()["items"] == []
    assert await house.rows("SELECT outcome, account FROM key_audit") == [(code, None)]


async def test_wrong_keys_environments_and_repetitions_have_their_codes(
    house: House, member: SignedIn, admin: SignedIn
) -> None:
    """rules: KEY-01, KEY-04"""
    problem(await add(house, member), 422, "key_invalid")
    problem(await add(house, member, environment="paper"), 422, "key_wrong_environment")
    await connected(house, member)

    problem(await add(house, member), 409, "already_exists")
    problem(await add(house, admin), 409, "key_in_use")


@pytest.mark.parametrize(
    ("changed", "faulty"),
    [
        ({"exchange": "okx"}, {"passphrase": "setting_invalid"}),
        ({"api_secret": None}, {"api_secret": "setting_invalid"}),
        ({"passphrase": PHRASE}, {"passphrase": "setting_invalid"}),
    ],
)
async def test_each_exchange_names_the_part_that_is_missing_or_too_much(
    house: House, member: SignedIn, changed: Json, faulty: Json
) -> None:
    """rules: KEY-01"""
    refused = await add(house, member, **changed)

    problem(refused, 422, "validation_error")
    assert fields(refused) == faulty


@pytest.mark.parametrize(
    "changed",
    [
        {"exchange": "kraken"},
        {"environment": "demo"},
        {"withdraw": True},
        {"api_key": f"{KEY} {SECRET}"},
        {"api_secret": SECRET * 100},
        {"label": "x" * 61},
        {"api_key": 12},
    ],
)
async def test_a_body_that_cannot_be_is_refused_without_repeating_it(house: House, member: SignedIn, changed: Json) -> None:
    """rules: KEY-08"""
    refused = await add(house, member, **changed)

    problem(refused, 422, "validation_error")
    assert not any(secret in refused.text for secret in (KEY, SECRET))


async def test_an_unusual_key_is_a_warning(house: House, member: SignedIn) -> None:
    """rules: KEY-05"""
    house.findings[KEY] = GOOD

    added = await add(house, member, exchange="binance")

    assert (added.status_code, added.json()["warnings"]) == (201, ["key_length_unusual"])


async def test_a_paper_account_needs_no_key(house: House, member: SignedIn) -> None:
    """rules: KEY-01"""
    body = {"exchange": "paper", "environment": "paper"}

    added = await house.client.post(PATH, json=body, headers=member.headers)

    assert added.status_code == 201
    assert (added.json()["label"], added.json()["last4"], added.json()["status"]) == ("paper", "", "VALID")


async def test_a_key_is_verified_again_and_invalid_after_two_failures(house: House, member: SignedIn) -> None:
    """rules: KEY-03, KEY-10"""
    path = f"{PATH}/{(await connected(house, member))['id']}/verify"
    house.findings[KEY] = KeyFindings(reads=True, trades=True, withdraws=True, hedge=True)
    answers = []

    for _ in range(2):
        answers.append((await house.client.post(path, headers=member.headers)).json())
    house.findings[KEY] = GOOD
    answers.append((await house.client.post(path, headers=member.headers)).json())

    told = [(one["status"], one["refusals"], one["permissions"]["withdraw"]) for one in answers]
    assert told == [
        ("VALID", ["key_can_withdraw"], True),
        ("INVALID", ["key_can_withdraw"], True),
        ("VALID", [], False),
    ]
    assert house.mailbox.to(member.member.email) == ["key_invalid"]


async def test_a_removed_key_is_erased_and_makes_room(house: House, member: SignedIn) -> None:
    """rules: KEY-11, KEY-01"""
    first = await connected(house, member)

    removed = await house.client.delete(f"{PATH}/{first['id']}", headers=member.headers)

    assert (removed.status_code, removed.json()) == (200, {"id": first["id"], "status": "REMOVED", "left_open": []})
    assert await house.rows("SELECT * FROM exchange_keys") == []
    assert (await connected(house, member))["id"] != first["id"]


async def test_a_key_with_open_positions_is_removed_when_the_exchange_was_typed(house: House) -> None:
    """rules: KEY-11"""
    trader = await house.trader()
    await house.market()
    (await house.alert(house.body())).raise_for_status()
    await house.work()
    (key,) = (await house.client.get(PATH, headers=trader.headers)).json()["items"]
    (position,) = (await house.client.get("/api/trading/positions", headers=trader.headers)).json()["items"]
    path = f"{PATH}/{key['id']}"

    refused = await house.client.delete(path, headers=trader.headers)
    removed = await house.client.delete(path, headers=trader.headers, params={"confirm": "bybit"})

    assert "yourself" in str(problem(refused, 409, "state_conflict")["detail"])
    assert removed.json()["left_open"] == [position["id"]]
    assert house.mailbox.to(trader.member.email) == ["key_removed"]


async def test_the_key_of_somebody_else_is_not_there(house: House, member: SignedIn, admin: SignedIn) -> None:
    """rules: KEY-11, SEC-05"""
    key = (await connected(house, member))["id"]

    for wrong in (key, "00000000-0000-0000-0000-000000000000", "nonsense"):
        problem(await house.client.post(f"{PATH}/{wrong}/verify", headers=admin.headers), 404, "not_found")
        problem(await house.client.delete(f"{PATH}/{wrong}", headers=admin.headers), 404, "not_found")

    assert (await house.client.get(PATH, headers=admin.headers)).json()["items"] == []
    assert len((await house.client.get(PATH, headers=member.headers)).json()["items"]) == 1


async def test_nobody_sees_or_adds_keys_without_signing_in(house: House) -> None:
    """rules: ROL-04"""
    problem(await house.client.get(PATH), 401, "unauthenticated")
    problem(await house.client.post(PATH, json=BODY), 401, "unauthenticated")
