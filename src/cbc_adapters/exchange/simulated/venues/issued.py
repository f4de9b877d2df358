"""Keys of the simulated venues: the same for the same seed, in the form in which each venue gives them out."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID

import attrs

from cbc_adapters.exchange.simulated.venues.house import IssuedKey
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Venue


@attrs.frozen
class NumberedAccount:
    """The `number`-th account of a venue in an environment, counted from 1, in the world of a seed."""

    venue: Venue
    environment: Environment
    number: int
    seed: int

    @property
    def account(self) -> AccountId:
        """Known to the simulation alone; on the wire an account is its key."""
        return AccountId(UUID(self.text("account")[:32]))

    def text(self, what: str) -> str:
        """64 hexadecimal digits; worth nothing outside the simulation."""
        return sha256(f"{self.seed}|{self.venue}|{self.environment}|{self.number}|{what}".encode()).hexdigest()


def issued_key(numbered: NumberedAccount) -> IssuedKey:
    """A key that may trade and not withdraw, from any address, for ever."""
    key, secret, passphrase = FORMS[numbered.venue](numbered)
    return IssuedKey(key, secret, passphrase, numbered.account)


def _binance(numbered: NumberedAccount) -> tuple[str, str, str | None]:
    return numbered.text("key"), numbered.text("secret"), None


def _bybit(numbered: NumberedAccount) -> tuple[str, str, str | None]:
    return numbered.text("key")[:18], numbered.text("secret")[:36], None


def _okx(numbered: NumberedAccount) -> tuple[str, str, str | None]:
    return str(UUID(numbered.text("key")[:32])), numbered.text("secret")[:32].upper(), f"Sim-{numbered.text('passphrase')[:12]}"


def _bitget(numbered: NumberedAccount) -> tuple[str, str, str | None]:
    return f"bg_{numbered.text('key')[:32]}", numbered.text("secret"), f"sim{numbered.text('passphrase')[:12]}"


FORMS: Final[Mapping[Venue, Callable[[NumberedAccount], tuple[str, str, str | None]]]] = {
    Venue.BINANCE: _binance,
    Venue.BYBIT: _bybit,
    Venue.OKX: _okx,
    Venue.BITGET: _bitget,
}
