"""Accounts and sessions over HTTP (contract 2.1)."""

import asyncio
import base64
from datetime import timedelta
from typing import Final

import attrs
import httpx
import pytest

from cbc_domain.identity.model import AccountStatus
from cbc_domain.identity.rules import STEP_UP_LASTS
from tests.e2e.house import PASSWORD, House, Json, SignedIn
from tests.e2e.problems import fields, problem

EMAIL: Final = "ana@club.invalid"
FORM: Final = {"email": EMAIL, "password": PASSWORD, "full_name": "Ana Souza", "country": "BR", "terms_version": "2026-01"}


async def register(house: House, **changes: object) -> httpx.Response:
    return await house.client.post("/api/auth/register", json=FORM | changes)


async def signed_in(house: House) -> Json:
    await register(house)
    answer = await house.client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    tokens: Json = answer.json()
    return tokens


async def refreshed(house: House, token: str) -> httpx.Response:
    return await house.client.post("/api/auth/refresh", json={"refresh_token": token})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def me(house: House, token: str) -> httpx.Response:
    return await house.client.get("/api/auth/me", headers=bearer(token))


async def test_from_registration_to_ones_own_page(house: House) -> None:
    """rules: AUT-01, AUT-05, AUT-06, ROL-01"""
    registered = await register(house, referral_code="NOBODYS")
    verified = await house.client.post("/api/auth/verify-email", json={"token": house.mailbox.token(EMAIL)})
    login = await house.client.post("/api/auth/login", json={"email": "  ANA@club.invalid ", "password": PASSWORD})
    shown = await me(house, login.json()["access_token"])

    assert (registered.status_code, registered.json()["user"]["email_verified"]) == (201, False)
    assert (verified.status_code, verified.json()["user"]["email_verified"]) == (200, True)
    assert login.json().keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (login.json()["token_type"], login.json()["expires_in"]) == ("Bearer", 900)
    user = shown.json()["user"]
    assert user.keys() == {
        *("id", "email", "full_name", "role", "affiliate_tier", "country", "region", "language"),
        *("email_verified", "two_factor_enabled", "plan_code", "environment"),
    }
    assert (user["role"], user["region"], user["plan_code"], user["environment"]) == ("USER", "BR", "NONE", "testnet")


async def test_an_address_that_is_known_gets_the_same_answer_and_another_letter(house: House) -> None:
    """rules: AUT-02"""
    first, again = await register(house), await register(house, email="ANA@CLUB.invalid", full_name="Somebody Else")

    assert (again.status_code, again.json()["user"].keys()) == (first.status_code, first.json()["user"].keys())
    different = {name for name, value in again.json()["user"].items() if value != first.json()["user"][name]}
    assert different == {"id", "full_name"}
    assert house.mailbox.to(EMAIL) == ["verify_email", "email_in_use"]
    assert await house.rows("SELECT full_name FROM members") == [("Ana Souza",)]


async def test_of_many_registrations_of_one_address_at_once_one_is_kept(house: House) -> None:
    """rules: AUT-02"""
    answers = await asyncio.gather(*(register(house) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert sorted(house.mailbox.to(EMAIL)) == ["email_in_use"] * 7 + ["verify_email"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"email": "ana"}, {"email": "validation_error"}),
        ({"email": "a\u0000@club.invalid"}, {"email": "validation_error"}),
        ({"email": "x" * 300 + "@club.invalid"}, {"email": "validation_error"}),
        ({"password": "short"}, {"password": "password_weak"}),
        ({"password": "x" * 129}, {"password": "password_weak"}),
        ({"password": "password1234"}, {"password": "password_weak"}),
        ({"password": EMAIL}, {"password": "password_weak"}),
        ({"full_name": "A"}, {"full_name": "validation_error"}),
        ({"full_name": "A\nna"}, {"full_name": "validation_error"}),
        ({"country": "br"}, {"country": "validation_error"}),
        ({"country": "XX", "phone": "123"}, {"country": "validation_error", "phone": "validation_error"}),
        ({"language": "fr"}, {"language": "validation_error"}),
        ({"terms_version": ""}, {"terms_version": "validation_error"}),
        ({"country": 55}, {"country": "setting_invalid"}),
        ({"password": None}, {"password": "setting_invalid"}),
    ],
)
async def test_wrong_fields_of_a_registration_are_named_all_at_once(
    house: House, changes: Json, expected: dict[str, str]
) -> None:
    """rules: AUT-01, AUT-03, GEN-09, GEN-11"""
    answer = await register(house, **changes)

    problem(answer, 422, "validation_error")
    assert fields(answer) == expected
    assert await house.rows("SELECT 1 FROM members") == []


@pytest.mark.parametrize("extra", [{"role": "ADMIN"}, {"id": "1"}, {"email_verified": True}, {"balance": "1"}])
async def test_nobody_gives_himself_a_role(house: House, extra: Json) -> None:
    """rules: ROL-05, GEN-11, AUT-01"""
    problem(await register(house, **extra), 422, "validation_error")


@pytest.mark.parametrize(
    "body",
    [
        {"email": EMAIL, "password": "another passphrase"},
        {"email": "nobody@club.invalid", "password": PASSWORD},
        {"email": "", "password": ""},
        {"email": "\x00", "password": PASSWORD},
        {"email": EMAIL, "password": PASSWORD + "\x00"},
        {"email": EMAIL, "password": "x" * 100_000},
    ],
)
async def test_every_wrong_sign_in_looks_alike(house: House, body: dict[str, str]) -> None:
    """rules: AUT-02"""
    await register(house)

    found = problem(await house.client.post("/api/auth/login", json=body), 401, "credentials_invalid")

    assert found["detail"] == "expected a known e-mail with its password"


async def test_an_inactive_account_cannot_sign_in_and_its_sessions_are_over(house: House) -> None:
    """rules: ROL-12, AUT-02"""
    tokens = await signed_in(house)
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE members SET status = '{AccountStatus.INACTIVE}'")

    again = await house.client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})

    problem(again, 401, "credentials_invalid")
    problem(await me(house, tokens["access_token"]), 401, "unauthenticated")
    problem(await refreshed(house, tokens["refresh_token"]), 401, "unauthenticated")


async def test_a_suspended_member_still_signs_in_and_sees(house: House, member: SignedIn) -> None:
    """rules: ROL-12"""
    async with house.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE members SET status = '{AccountStatus.SUSPENDED}'")

    assert (await house.client.get("/api/auth/me", headers=member.headers)).status_code == 200


@pytest.mark.parametrize("case", ["unknown", "used", "late"])
async def test_a_verification_link_works_once_within_a_day(house: House, case: str) -> None:
    """rules: AUT-05, GEN-07"""
    await register(house)
    token = house.mailbox.token(EMAIL)
    if case == "used":
        await house.client.post("/api/auth/verify-email", json={"token": token})
    if case == "late":
        house.clock.advance(by=timedelta(hours=24))

    answer = await house.client.post("/api/auth/verify-email", json={"token": "x\x00" if case == "unknown" else token})

    problem(answer, 410, "link_expired")


async def test_refreshing_gives_a_new_pair_and_the_old_one_dies(house: House) -> None:
    """rules: AUT-07"""
    tokens = await signed_in(house)
    fresh = await refreshed(house, tokens["refresh_token"])

    reused = await refreshed(house, tokens["refresh_token"])

    assert fresh.status_code == 200
    assert fresh.json()["refresh_token"] != tokens["refresh_token"]
    problem(reused, 401, "refresh_token_reused")
    problem(await refreshed(house, fresh.json()["refresh_token"]), 401, "unauthenticated")
    problem(await me(house, fresh.json()["access_token"]), 401, "unauthenticated")
    assert house.mailbox.to(EMAIL) == ["verify_email", "refresh_token_reused"]


async def test_of_sixteen_refreshes_at_once_exactly_one_wins(house: House) -> None:
    """rules: AUT-07"""
    tokens = await signed_in(house)

    answers = await asyncio.gather(*(refreshed(house, tokens["refresh_token"]) for _ in range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 15
    assert {answer.json()["code"] for answer in answers if answer.status_code == 401} == {"refresh_token_reused"}
    assert house.mailbox.to(EMAIL) == ["verify_email", "refresh_token_reused"]


@pytest.mark.parametrize("token", ["", "x", "\x00", "a" * 100_000])
async def test_a_refresh_token_that_was_never_given_is_unknown(house: House, token: str) -> None:
    """rules: AUT-07"""
    problem(await refreshed(house, token), 401, "unauthenticated")


async def test_an_access_token_is_good_for_fifteen_minutes(house: House) -> None:
    """rules: AUT-06, GEN-07"""
    tokens = await signed_in(house)

    house.clock.advance(by=timedelta(minutes=15) - timedelta(microseconds=1))
    assert (await me(house, tokens["access_token"])).status_code == 200
    house.clock.advance(by=timedelta(microseconds=1))
    problem(await me(house, tokens["access_token"]), 401, "token_expired")


async def stepped_up(house: House, token: str, **proof: str) -> httpx.Response:
    return await house.client.post("/api/auth/step-up", json=proof, headers=bearer(token))


async def connect(house: House, token: str) -> httpx.Response:
    """Something that needs a step-up, and is refused for its own reason with one."""
    paper = {"exchange": "paper", "environment": "live"}
    return await house.client.post("/api/trading/exchange-keys", json=paper, headers=bearer(token))


async def test_signing_in_is_a_step_up_for_five_minutes_and_the_password_is_another(house: House) -> None:
    """rules: AUT-15, KEY-02"""
    token = (await signed_in(house))["access_token"]

    house.clock.advance(by=STEP_UP_LASTS - timedelta(seconds=1))
    problem(await connect(house, token), 422, "key_wrong_environment")
    house.clock.advance(by=timedelta(seconds=1))
    problem(await connect(house, token), 403, "step_up_required")
    again = await stepped_up(house, token, password=PASSWORD)
    problem(await connect(house, again.json()["access_token"]), 422, "key_wrong_environment")
    house.clock.advance(by=STEP_UP_LASTS)
    problem(await connect(house, again.json()["access_token"]), 403, "step_up_required")

    assert again.status_code == 200
    assert again.json().keys() == {"access_token", "expires_in"}
    assert again.json()["expires_in"] == 900
    assert (await me(house, again.json()["access_token"])).status_code == 200


async def test_a_refreshed_token_is_no_step_up(house: House) -> None:
    """rules: AUT-15"""
    tokens = await signed_in(house)

    fresh = (await refreshed(house, tokens["refresh_token"])).json()["access_token"]

    problem(await connect(house, fresh), 403, "step_up_required")
    key = "00000000-0000-0000-0000-000000000000"
    problem(
        await house.client.delete(f"/api/trading/exchange-keys/{key}", headers=bearer(fresh)),
        403,
        "step_up_required",
    )


@pytest.mark.parametrize("proof", [{"password": PASSWORD + "x"}, {"code": "123456"}, {}], ids=str)
async def test_what_proves_nothing_is_no_step_up(house: House, proof: dict[str, str]) -> None:
    """rules: AUT-15"""
    token = (await signed_in(house))["access_token"]

    problem(await stepped_up(house, token, **proof), 401, "credentials_invalid")


async def test_a_password_does_not_do_for_whoever_has_a_second_factor(house: House) -> None:
    """rules: AUT-15"""
    await register(house)
    async with house.store() as work:
        known = await work.people.credential(EMAIL)
        assert known is not None
        await work.people.save(attrs.evolve(known.member, two_factor=True))
        await work.commit()
    login = await house.client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    token = login.json()["access_token"]

    problem(await connect(house, token), 403, "step_up_required")
    problem(await stepped_up(house, token, password=PASSWORD), 403, "two_factor_required")


def crafted(header: str) -> str:
    return base64.urlsafe_b64encode(header.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic Zm9vOmJhcg==",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer \xff.\xff.\xff",
        "Bearer " + crafted('{"alg":"none"}') + "." + crafted('{"sub":"1"}') + ".",
        "Bearer " + crafted('{"alg":"RS256"}') + "." + crafted("{}") + ".x",
        "Bearer " + crafted("[" * 30_000) + "." + crafted("{}") + ".x",
        "Bearer " + crafted('{"alg":"HS256"}') + "." + crafted("[" * 30_000) + ".x",
    ],
)
async def test_a_made_up_token_opens_nothing(house: House, header: str) -> None:
    """rules: AUT-06"""
    answer = await house.client.get("/api/auth/me", headers={b"Authorization": header.encode("latin-1")})

    problem(answer, 401, "unauthenticated")


async def test_signing_out_ends_this_session_or_all_of_them(house: House) -> None:
    """rules: AUT-08"""
    first, second, third = await signed_in(house), await signed_in(house), await signed_in(house)

    one = await house.client.post("/api/auth/logout", headers=bearer(first["access_token"]))
    assert one.status_code == 204
    problem(await me(house, first["access_token"]), 401, "unauthenticated")
    problem(await refreshed(house, first["refresh_token"]), 401, "unauthenticated")
    assert (await me(house, second["access_token"])).status_code == 200

    every = await house.client.post("/api/auth/logout", json={"all": True}, headers=bearer(second["access_token"]))
    assert every.status_code == 204
    for tokens in (second, third):
        problem(await me(house, tokens["access_token"]), 401, "unauthenticated")


async def test_a_fourth_session_ends_the_oldest(house: House) -> None:
    """rules: AUT-08"""
    sessions = []
    for _ in range(4):
        sessions.append(await signed_in(house))
        house.clock.advance(by=timedelta(seconds=1))

    answers = [(await me(house, tokens["access_token"])).status_code for tokens in sessions]

    assert answers == [401, 200, 200, 200]


async def test_a_session_that_rests_for_an_hour_is_over(house: House) -> None:
    """rules: AUT-08, GEN-07"""
    resting = await signed_in(house)
    house.clock.advance(by=timedelta(minutes=60) - timedelta(microseconds=1))
    living = await refreshed(house, resting["refresh_token"])

    house.clock.advance(by=timedelta(minutes=60))

    assert living.status_code == 200
    problem(await refreshed(house, living.json()["refresh_token"]), 401, "unauthenticated")


async def test_a_member_sets_how_long_his_sessions_may_rest_and_using_one_keeps_it(house: House) -> None:
    """rules: AUT-08, CFG-11"""
    tokens = await signed_in(house)
    headers = bearer(tokens["access_token"])
    await house.client.patch("/api/trading/settings", json={"session_timeout_minutes": 5}, headers=headers)

    for _ in range(3):
        house.clock.advance(by=timedelta(minutes=4))
        assert (await me(house, tokens["access_token"])).status_code == 200
    house.clock.advance(by=timedelta(minutes=5))

    problem(await refreshed(house, tokens["refresh_token"]), 401, "unauthenticated")


async def test_a_refresh_token_is_good_for_seven_days_at_most(house: House) -> None:
    """rules: AUT-07"""
    tokens = await signed_in(house)
    headers = bearer(tokens["access_token"])
    await house.client.patch("/api/trading/settings", json={"session_timeout_minutes": 1440}, headers=headers)
    token = tokens["refresh_token"]

    for _ in range(6):
        house.clock.advance(by=timedelta(hours=23))
        token = (await refreshed(house, token)).json()["refresh_token"]
    house.clock.advance(by=timedelta(hours=23))
    token = (await refreshed(house, token)).json()["refresh_token"]
    house.clock.advance(by=timedelta(hours=7))

    problem(await refreshed(house, token), 401, "unauthenticated")
