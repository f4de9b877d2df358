"""Money: whole minor units of one currency, bounded, never mixed with another currency."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Self

import attrs

from cbc_domain.kernel.errors import Invalid

_TEXT: Final = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)
_LARGEST_MINOR: Final = 2**63 - 1


class CurrencyMismatch(Invalid):
    """Amounts of two currencies met where one is needed (MON-02)."""

    def __init__(self, expected: "Currency", found: "Currency") -> None:
        super().__init__("currency_mismatch", f"expected {expected.code}, was {found.code}")


@attrs.frozen(order=True)
class Currency:
    """A ledger currency: ISO code and the places of its minor unit (MON-01)."""

    code: str
    places: int

    def __str__(self) -> str:
        return self.code


BRL: Final = Currency("BRL", 2)
USD: Final = Currency("USD", 2)
LEDGER_CURRENCIES: Final = (BRL, USD)


def currency(code: str) -> Currency:
    """Find a ledger currency by its code. Raises Invalid `currency_unknown`."""
    for known in LEDGER_CURRENCIES:
        if known.code == code:
            return known
    raise Invalid("currency_unknown", f"expected one of BRL, USD, was {code[:8]!r}")


@attrs.frozen
class Money:
    """An amount in minor units (centavos, cents); any sign; at most 2**63 - 1 either way."""

    minor: int = attrs.field(validator=attrs.validators.instance_of(int))
    currency: Currency

    def __attrs_post_init__(self) -> None:
        if isinstance(self.minor, bool) or abs(self.minor) > _LARGEST_MINOR:
            raise Invalid("amount_out_of_range", f"expected at most {_LARGEST_MINOR} minor units, was {self.minor}")

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: Currency) -> Self:
        """Read `"105.00"`: exactly the places of the currency (GEN-04). Raises Invalid `amount_precision`."""
        match = _TEXT.fullmatch(text) if len(text) <= 32 else None
        if match is None or len(match[2] or "") != currency.places:
            raise Invalid("amount_precision", f"expected decimal text with {currency.places} places, was {text[:40]!r}")
        return cls(int(text.replace(".", "")), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in whole units, with exactly the places of the currency."""
        return Decimal(self.minor).scaleb(-self.currency.places)

    @property
    def text(self) -> str:
        """The wire form, `"105.00"`."""
        return f"{self.amount:f}"

    def __str__(self) -> str:
        return f"{self.currency.code} {self.text}"

    def __add__(self, other: Self) -> Self:
        self._same(other)
        return attrs.evolve(self, minor=self.minor + other.minor)

    def __sub__(self, other: Self) -> Self:
        self._same(other)
        return attrs.evolve(self, minor=self.minor - other.minor)

    def __neg__(self) -> Self:
        return attrs.evolve(self, minor=-self.minor)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Self) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Self) -> bool:
        return other < self

    def __ge__(self, other: Self) -> bool:
        return other <= self

    def __bool__(self) -> bool:
        return self.minor != 0

    def _same(self, other: Self) -> None:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)


def total(amounts: Iterable[Money], currency: Currency) -> Money:
    """Add amounts of one currency; zero of that currency when there are none. Raises CurrencyMismatch."""
    return sum(amounts, start=Money.zero(currency))


def largest_amount(currency: Currency) -> Money:
    """The largest single amount that a person may name: 1,000,000,000.00 (MON-06)."""
    return Money(10 ** (9 + currency.places), currency)
