"""What somebody may do, and what a registration must hold."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from cbc_domain.identity.countries import COUNTRIES
from cbc_domain.identity.model import (
    AffiliateTier,
    Member,
    Permission,
    Registration,
    Role,
    Scope,
    Session,
    UserType,
)
from cbc_domain.kernel.errors import FieldFault

LANGUAGES: Final = ("pt-BR", "en")
PASSWORD_LENGTH: Final = (12, 128)
NAME_LENGTH: Final = (2, 100)

TWO_FACTOR_ROLES: Final = frozenset({Role.ADMIN, Role.GESTOR})
"""Who must have a second factor before anything else (ROL-10)."""

STEP_UP_LASTS: Final = timedelta(minutes=5)
"""AUT-15."""

_EMAIL: Final = re.compile(r"[^\s@]{1,64}@(?:[^\s@.]{1,63}\.)+[^\s@.]{2,63}")
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_LONGEST_EMAIL: Final = 254
_LONGEST_VERSION: Final = 40

_LETTERS: Final = {"-": Scope.NONE, "o": Scope.OWN, "A": Scope.ALL}
_ROWS: Final = {
    Permission.DASHBOARD: "AAAooo",
    Permission.TRADING_VIEW: "AAAooo",
    Permission.TRADING_ACT: "oooooo",
    Permission.SIGNAL_INJECT: "A-A---",
    Permission.STRATEGY_MANAGE: "A-----",
    Permission.QUEUE_CONTROL: "A-A---",
    Permission.EMERGENCY_PAUSE: "AAAooo",
    Permission.EMERGENCY_FLATTEN: "AAoooo",
    Permission.USERS_MANAGE: "AA----",
    Permission.ROLE_CHANGE: "A-----",
    Permission.FINANCE_VIEW: "AAoooo",
    Permission.FINANCE_PROPOSE: "AA----",
    Permission.FINANCE_APPROVE: "A-----",
    Permission.COUPONS_MANAGE: "AA----",
    Permission.AFFILIATE_SCREENS: "AA-oo-",
    Permission.AFFILIATE_APPOINT_VIP: "A-----",
    Permission.AFFILIATE_PROPOSE_VIP: "AA----",
    Permission.AUDIT_READ: "AA----",
    Permission.SYSTEM_CONFIG: "A-----",
}

PERMISSIONS: Final[Mapping[Permission, Mapping[UserType, Scope]]] = MappingProxyType(
    {
        permission: MappingProxyType({user: _LETTERS[letter] for user, letter in zip(UserType, row, strict=True)})
        for permission, row in _ROWS.items()
    }
)
"""The table of ROL-03: scope by permission and user type."""


def user_type(role: Role, tier: AffiliateTier) -> UserType:
    """What a member is shown as: staff by role, everybody else by affiliate tier (ROL-01)."""
    if role is not Role.USER:
        return UserType(role.value)
    match tier:
        case AffiliateTier.VIP:
            return UserType.AFFILIATE_VIP
        case AffiliateTier.NORMAL:
            return UserType.AFFILIATE
        case AffiliateTier.NONE:
            return UserType.USER


def scope_of(member: Member, permission: Permission) -> Scope:
    """Whose rows a member's permission reaches: the one answer to every check (ROL-02, ROL-03)."""
    scope = PERMISSIONS[permission][user_type(member.role, member.tier)]
    if scope is Scope.NONE and permission is Permission.AFFILIATE_SCREENS and member.tier is not AffiliateTier.NONE:
        return Scope.OWN
    return scope


def is_alive(session: Session, idle_after: timedelta, now: datetime) -> bool:
    """Whether a session still counts: not revoked, not over, and used within `idle_after` (AUT-07, AUT-08, GEN-07)."""
    return session.revoked_at is None and now < session.expires_at and now - session.used_at < idle_after


def is_stepped_up(proved_at: datetime | None, now: datetime) -> bool:
    """Whether who proved himself at an instant may do what a token alone is not enough for (AUT-15)."""
    return proved_at is not None and now - proved_at < STEP_UP_LASTS


def fold_email(text: str) -> str:
    """Spell an e-mail address as it is stored and compared: trimmed, lower case, NFKC (AUT-02)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).strip()


def is_address(folded: str) -> bool:
    """Whether a folded text can be an e-mail address at all."""
    return len(folded) <= _LONGEST_EMAIL and _EMAIL.fullmatch(folded) is not None and _clean(folded)


def password_fault(
    password: str, email: str, full_name: str, breached: Callable[[str], bool], field: str = "password"
) -> FieldFault | None:
    """Say why a password is refused, None when it is good (AUT-03); `breached` knows the leaked ones."""
    least, most = PASSWORD_LENGTH
    if not least <= len(password) <= most:
        return FieldFault(field, f"expected {least} to {most} characters, was {len(password)}", "password_weak")
    if _folded(password) in {fold_email(email), _folded(full_name)}:
        return FieldFault(field, "expected a password other than the e-mail and the name", "password_weak")
    if breached(password):
        return FieldFault(field, "expected a password that was never leaked", "password_weak")
    return None


def check_registration(asked: Registration, breached: Callable[[str], bool]) -> tuple[FieldFault, ...]:
    """Find every wrong field of a registration (AUT-01, AUT-03); none when it may go on."""
    weak = password_fault(asked.password, asked.email, asked.full_name, breached)
    return tuple(_field_faults(asked)) + ((weak,) if weak else ())


def _field_faults(asked: Registration) -> Iterator[FieldFault]:
    if not is_address(fold_email(asked.email)):
        yield _wrong("email", "expected an e-mail address")
    name = asked.full_name.strip()
    if not NAME_LENGTH[0] <= len(name) <= NAME_LENGTH[1] or not _clean(name):
        yield _wrong("full_name", f"expected {NAME_LENGTH[0]} to {NAME_LENGTH[1]} characters")
    if asked.country not in COUNTRIES:
        yield _wrong("country", "expected an ISO 3166-1 alpha-2 code")
    if not 0 < len(asked.terms_version.strip()) <= _LONGEST_VERSION or not _clean(asked.terms_version):
        yield _wrong("terms_version", "expected the accepted version of the terms")
    if asked.language is not None and asked.language not in LANGUAGES:
        yield _wrong("language", f"expected one of {', '.join(LANGUAGES)}")
    if asked.phone is not None and not _PHONE.fullmatch(asked.phone):
        yield _wrong("phone", "expected an E.164 number, as +5511912345678")


def _wrong(field: str, message: str) -> FieldFault:
    return FieldFault(field, message, "validation_error")


def _clean(text: str) -> bool:
    """No control characters, no lone surrogates (GEN-11)."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()
