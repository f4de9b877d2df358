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
class Place:
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


def issued_key(place: Place) -> IssuedKey:
    """A key that may trade and not withdraw, from any address, for ever."""
    key, secret, passphrase = FORMS[place.venue](place)
    return IssuedKey(key, secret, passphrase, place.account)


def _binance(place: Place) -> tuple[str, str, str | None]:
    return place.text("key"), place.text("secret"), None


def _bybit(place: Place) -> tuple[str, str, str | None]:
    return place.text("key")[:18], place.text("secret")[:36], None


def _okx(place: Place) -> tuple[str, str, str | None]:
    return str(UUID(place.text("key")[:32])), place.text("secret")[:32].upper(), f"Sim-{place.text('passphrase')[:12]}"


def _bitget(place: Place) -> tuple[str, str, str | None]:
    return f"bg_{place.text('key')[:32]}", place.text("secret"), f"sim{place.text('passphrase')[:12]}"


FORMS: Final[Mapping[Venue, Callable[[Place], tuple[str, str, str | None]]]] = {
    Venue.BINANCE: _binance,
    Venue.BYBIT: _bybit,
    Venue.OKX: _okx,
    Venue.BITGET: _bitget,
}
