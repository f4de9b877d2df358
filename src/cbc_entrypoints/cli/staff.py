"""Accounts that are made at the terminal and not by registration."""

import secrets
from typing import Final

from cbc_domain.identity.model import Registration

PASSWORD_BYTES: Final = 18
TERMS: Final = "2026-01"
"""The terms in force; whoever makes an account by hand accepts them for it."""


def generated_password() -> str:
    """A password of 24 characters that nobody has used before; to be shown once."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def staff_form(email: str, password: str, full_name: str, country: str = "BR") -> Registration:
    return Registration(email, password, full_name, country, TERMS)
