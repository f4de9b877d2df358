"""What a registration must hold, and how an e-mail address is compared."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.identity.model import Registration
from cbc_domain.identity.rules import check_registration, fold_email, password_fault

GOOD = Registration("ana@example.com", "correct horse 9", "Ana Souza", "BR", "2026-01")


def faults(**changes: str | None) -> list[tuple[str, str]]:
    asked = attrs.evolve(GOOD, **changes)  # type: ignore[arg-type]  # attrs.evolve takes keywords by name only
    return [(fault.field, fault.code) for fault in check_registration(asked, frozenset({"password1234"}).__contains__)]


@given(st.text())
def test_folding_an_address_twice_changes_nothing(text: str) -> None:
    """rules: AUT-02"""
    assert fold_email(fold_email(text)) == fold_email(text)


@pytest.mark.parametrize("typed", ["ana@example.com", "  Ana@Example.COM ", "\uff41na@example\uff0ecom", "\tANA@EXAMPLE.COM\n"])
def test_look_alike_addresses_are_one_address(typed: str) -> None:
    """rules: AUT-02"""
    assert fold_email(typed) == "ana@example.com"


def test_a_good_registration_has_no_fault() -> None:
    """rules: AUT-01, AUT-03"""
    assert faults() == []
    assert faults(language="en", phone="+5511912345678", referral_code="CBCAB2XYZ") == []


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@example",
        "a b@example.com",
        "ana@@example.com",
        "ana@exa mple.com",
        "a" * 65 + "@example.com",
        "ana@" + "x." * 130 + "com",
        "ana\x00@example.com",
    ],
)
def test_a_wrong_address_is_a_fault(email: str) -> None:
    """rules: AUT-01, GEN-11"""
    assert faults(email=email) == [("email", "validation_error")]


@pytest.mark.parametrize(("name", "good"), [("A", False), ("Al", True), ("A" * 100, True), ("A" * 101, False), (" A ", False)])
def test_a_name_has_two_to_a_hundred_characters(name: str, good: bool) -> None:
    """rules: AUT-01, GEN-08, GEN-11"""
    assert (faults(full_name=name) == []) is good


@pytest.mark.parametrize("country", ["", "br", "XX", "BRA", "B", "UK"])
def test_a_country_is_an_iso_code_and_has_no_default(country: str) -> None:
    """rules: AUT-01, MON-04"""
    assert faults(country=country) == [("country", "validation_error")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("terms_version", " "),
        ("language", "fr"),
        ("phone", "5511912345678"),
        ("phone", "+0511912345678"),
        ("phone", "+55119123456789012"),
        ("full_name", "Ana\x07Souza"),
    ],
)
def test_every_other_field_is_checked(field: str, value: str) -> None:
    """rules: AUT-01, GEN-11"""
    assert faults(**{field: value}) == [(field, "validation_error")]


def test_all_wrong_fields_are_named_at_once() -> None:
    """rules: AUT-01, GEN-09"""
    named = [field for field, _ in faults(email="x", full_name="", country="", password="short", terms_version="")]

    assert named == ["email", "full_name", "country", "terms_version", "password"]


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("a" * 11, True),
        ("a" * 12, False),
        ("a" * 128, False),
        ("a" * 129, True),
        ("á" * 12, False),
        ("password1234", True),
        ("Ana@Example.com", True),
        ("ana maria souza", True),
        ("ANA MARIA SOUZA ", True),
        ("            ", False),
    ],
)
def test_a_password_is_long_enough_and_not_easily_known(password: str, weak: bool) -> None:
    """rules: AUT-03, GEN-08"""
    leaked = frozenset({"password1234"}).__contains__

    fault = password_fault(password, "ana@example.com", "Ana Maria Souza", leaked)

    assert (fault is not None and fault.code == "password_weak") is weak


def test_a_password_is_never_part_of_a_text() -> None:
    """rules: GEN-09, AUT-03"""
    short = attrs.evolve(GOOD, password="shorty")

    (fault,) = check_registration(short, lambda _: False)

    assert "shorty" not in repr(short)
    assert "shorty" not in fault.message
