"""What every keeper of passwords and every issuer of access tokens promises."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from cbc_domain.identity.model import Member, Role
from cbc_domain.kernel.errors import Denied
from cbc_domain.kernel.ids import MemberId, SessionId
from cbc_domain.ports.security import AccessTokens, Passwords

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SESSION = SessionId(UUID(int=2))
MEMBER = Member(MemberId(UUID(int=1)), "ana@example.com", "Ana Lima", "BR", NOW, role=Role.GESTOR)
PASSWORD = "a long walk in the park"


class PasswordsPromises:
    """Inherit and give a `passwords` fixture."""

    async def test_the_right_password_matches_and_another_does_not(self, passwords: Passwords) -> None:
        """rules: AUT-04"""
        hashed = await passwords.hash(PASSWORD)

        assert await passwords.matches(PASSWORD, hashed)
        assert not await passwords.matches(PASSWORD.upper(), hashed)

    async def test_the_same_password_is_hashed_differently_each_time(self, passwords: Passwords) -> None:
        """rules: AUT-04"""
        one, other = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)

        assert one != other
        assert PASSWORD not in one

    async def test_nobody_has_a_password(self, passwords: Passwords) -> None:
        """rules: AUT-02"""
        assert not await passwords.matches(PASSWORD, None)
        assert not await passwords.matches("nobody has this password", None)

    async def test_a_damaged_hash_matches_nothing(self, passwords: Passwords) -> None:
        """rules: GEN-14"""
        assert not await passwords.matches(PASSWORD, "damaged")

    @pytest.mark.parametrize("password", ["Password1234", "123456789012", "qwertyuiopas", "aaaaaaaaaaaa", "abcabcabcabc"])
    def test_what_everybody_tries_first_is_known_as_leaked(self, passwords: Passwords, password: str) -> None:
        """rules: AUT-03"""
        assert passwords.breached(password)
        assert not passwords.breached(PASSWORD)


class AccessTokensPromises:
    """Inherit and give a `tokens` fixture."""

    def test_a_token_says_who_which_session_and_role(self, tokens: AccessTokens) -> None:
        """rules: AUT-06"""
        token, life = tokens.issue(MEMBER, SESSION, NOW)

        claims = tokens.read(token, NOW)

        assert life == 900
        assert (claims.member, claims.session, claims.role) == (MEMBER.id, SESSION, "GESTOR")
        assert claims.expires_at == NOW + timedelta(minutes=15)

    def test_a_token_says_when_its_holder_proved_who_he_is(self, tokens: AccessTokens) -> None:
        """rules: AUT-15"""
        proved, _ = tokens.issue(MEMBER, SESSION, NOW, proved=True)
        refreshed, _ = tokens.issue(MEMBER, SESSION, NOW)

        assert tokens.read(proved, NOW).proved_at == NOW
        assert tokens.read(refreshed, NOW).proved_at is None

    def test_a_token_ends_after_fifteen_minutes(self, tokens: AccessTokens) -> None:
        """rules: AUT-06"""
        token, _ = tokens.issue(MEMBER, SESSION, NOW)

        tokens.read(token, NOW + timedelta(minutes=15) - timedelta(microseconds=1))
        with pytest.raises(Denied) as refusal:
            tokens.read(token, NOW + timedelta(minutes=15))

        assert refusal.value.code == "token_expired"

    @pytest.mark.parametrize("token", ["", "a.b.c", "not a token", "ä", "a" * 10_000])
    def test_what_is_no_token_is_refused(self, tokens: AccessTokens, token: str) -> None:
        """rules: AUT-06"""
        with pytest.raises(Denied) as refusal:
            tokens.read(token, NOW)

        assert refusal.value.code == "unauthenticated"

    def test_a_changed_token_is_refused(self, tokens: AccessTokens) -> None:
        """rules: AUT-06"""
        token, _ = tokens.issue(MEMBER, SESSION, NOW)
        head, body, signature = token.split(".")
        changed = ".".join((head, body, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")))

        with pytest.raises(Denied) as refusal:
            tokens.read(changed, NOW)

        assert refusal.value.code == "unauthenticated"
