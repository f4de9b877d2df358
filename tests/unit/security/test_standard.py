"""Argon2id passwords, signed tokens of one algorithm, and sealed secrets."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_adapters.security.standard.passwords import Argon2Passwords
from cbc_adapters.security.standard.secrets import Vault
from cbc_adapters.security.standard.tokens import JwtAccessTokens
from cbc_domain.kernel.errors import Denied, Invalid, Unavailable
from cbc_domain.ports.security import AccessTokens, Passwords
from tests.promises.security import MEMBER, NOW, PASSWORD, SESSION, AccessTokensPromises, PasswordsPromises

KEY = "k" * 32
OWNER = b"row|member|binance|live"
VAULT = Vault({"2026": b"m" * 32}, "2026")


class TestArgon2Passwords(PasswordsPromises):
    @pytest.fixture
    def passwords(self) -> Passwords:
        return Argon2Passwords()

    async def test_the_cost_is_what_the_rule_asks_for(self) -> None:
        """rules: AUT-04"""
        assert (await Argon2Passwords().hash(PASSWORD)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_a_longer_list_of_leaked_passwords_can_be_given(self) -> None:
        """rules: AUT-03"""
        assert Argon2Passwords({PASSWORD}).breached(PASSWORD.title())


class TestJwtAccessTokens(AccessTokensPromises):
    @pytest.fixture
    def tokens(self) -> AccessTokens:
        return JwtAccessTokens(KEY)


def claims(**changed: object) -> dict[str, object]:
    good = {
        "sub": str(MEMBER.id),
        "sid": str(SESSION),
        "role": "USER",
        "iss": "coinbitclub",
        "aud": "coinbitclub-api",
        "iat": NOW,
        "exp": NOW + timedelta(minutes=5),
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def test_a_token_with_all_claims_in_order_is_read() -> None:
    """rules: AUT-06"""
    assert JwtAccessTokens(KEY).read(jwt.encode(claims(), KEY, "HS256"), NOW).member == MEMBER.id


@pytest.mark.parametrize(
    "token",
    [
        jwt.encode(claims(), "", "none"),
        jwt.encode(claims(), KEY * 2, "HS512"),
        jwt.encode(claims(), "x" * 32, "HS256"),
        jwt.encode(claims(iss="another"), KEY, "HS256"),
        jwt.encode(claims(aud="another"), KEY, "HS256"),
        jwt.encode(claims(aud=None), KEY, "HS256"),
        jwt.encode(claims(exp=None), KEY, "HS256"),
        jwt.encode(claims(sub="me"), KEY, "HS256"),
        jwt.encode(claims(sid=None), KEY, "HS256"),
        jwt.encode(claims(exp="soon"), KEY, "HS256"),
        jwt.encode(claims(exp=10**30), KEY, "HS256"),
    ],
)
def test_tokens_of_another_kind_key_or_purpose_are_refused(token: str) -> None:
    """rules: AUT-06"""
    with pytest.raises(Denied) as refusal:
        JwtAccessTokens(KEY).read(token, NOW)

    assert refusal.value.code == "unauthenticated"


def test_a_short_signing_key_is_refused() -> None:
    """rules: SEC-01"""
    with pytest.raises(Invalid, match="settings_invalid"):
        JwtAccessTokens("k" * 31)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_a_sealed_secret_opens_to_itself(secret: bytes, about: bytes) -> None:
    """rules: KEY-06"""
    assert VAULT.open(VAULT.seal(secret, about), about) == secret


def test_a_secret_opens_for_its_owner_only() -> None:
    """rules: KEY-06"""
    sealed = VAULT.seal(b"secret", OWNER)

    with pytest.raises(Unavailable):
        VAULT.open(sealed, OWNER.replace(b"live", b"testnet"))


@given(st.integers(1, 2), st.integers(0, 33), st.integers(1, 255))
def test_a_changed_secret_does_not_open(part: int, place: int, change: int) -> None:
    """rules: KEY-06"""
    parts = VAULT.seal(b"secret", OWNER).split(".")
    raw = bytearray(urlsafe_b64decode(parts[part]))
    raw[place] ^= change
    parts[part] = urlsafe_b64encode(raw).decode()

    with pytest.raises(Unavailable):
        VAULT.open(".".join(parts), OWNER)


@pytest.mark.parametrize("sealed", ["", "a.b", "a.b.c", "2026.b.c", "2026.!.!"])
def test_what_was_never_sealed_does_not_open(sealed: str) -> None:
    """rules: KEY-06"""
    with pytest.raises(Unavailable):
        VAULT.open(sealed, OWNER)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    """rules: KEY-06"""
    assert VAULT.seal(b"secret", OWNER) != VAULT.seal(b"secret", OWNER)


def test_secrets_move_to_a_new_master_key_and_the_old_one_can_go() -> None:
    """rules: KEY-09"""
    both = Vault({"2026": b"m" * 32, "2027": b"n" * 32}, "2027")
    sealed = VAULT.seal(b"secret", OWNER)

    moved = both.rewrap(sealed, OWNER)

    assert Vault({"2027": b"n" * 32}, "2027").open(moved, OWNER) == b"secret"
    assert both.rewrap(moved, OWNER) == moved
    with pytest.raises(Unavailable):
        Vault({"2027": b"n" * 32}, "2027").open(sealed, OWNER)


def test_weak_master_keys_are_refused() -> None:
    """rules: KEY-07"""
    with pytest.raises(Invalid, match="settings_invalid"):
        Vault({"2026": b"short"}, "2026")
    with pytest.raises(Invalid, match="settings_invalid"):
        Vault({"2026": b"m" * 32}, "2027")
