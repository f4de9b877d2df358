"""A venue key in plain text: what it is bound to when it is sealed, how two are told to be one, how it should look."""

import hashlib
import hmac
import json
import re
from typing import Final

import attrs

from cbc_domain.kernel.venues import Venue
from cbc_domain.risk.model import ExchangeAccount

LAST: Final = 4
"""How many characters of a public key are shown (KEY-06)."""
SHORTEST_SHOWN: Final = 12
"""Of a shorter key even its end would tell too much."""
WITH_PASSPHRASE: Final = frozenset({Venue.OKX, Venue.BITGET})
"""Venues whose keys have a third part (KEY-01)."""

_LENGTHS: Final = {Venue.BINANCE: range(64, 65), Venue.BYBIT: range(10, 101)}
_CHARACTERS: Final = {Venue.BINANCE: re.compile(r"[A-Za-z0-9]*", re.ASCII)}


@attrs.frozen
class Credentials:
    """A venue key in plain text; it exists during a call, is never logged and never part of an error (KEY-08)."""

    key: str = attrs.field(repr=False)
    secret: str = attrs.field(repr=False)
    passphrase: str | None = attrs.field(default=None, repr=False)


def bound_to(account: ExchangeAccount) -> bytes:
    """What a sealed key opens for and for nothing else: row, member, venue, environment (KEY-06)."""
    return f"{account.id}|{account.member}|{account.venue.value}|{account.environment.value}".encode()


def packed(credentials: Credentials) -> bytes:
    """All parts of a key as one text, so that one data key seals them together (KEY-06)."""
    return json.dumps([credentials.key, credentials.secret, credentials.passphrase]).encode()


def unpacked(plain: bytes) -> Credentials:
    return Credentials(*json.loads(plain))


def fingerprint(pepper: bytes, venue: Venue, key: str) -> str:
    """Tell whether two members have the same key without keeping it (KEY-04): hex HMAC-SHA-256 under a secret pepper.

    The pepper is random, sealed by the master key and wrapped anew with it, but itself never changed: fingerprints outlive
    every rotation.
    """
    return hmac.new(pepper, f"{venue.value}|{key}".encode(), hashlib.sha256).hexdigest()


def last_of(key: str) -> str:
    """The end of a public key as it may be shown (KEY-06); nothing of a very short one."""
    return key[-LAST:] if len(key) >= SHORTEST_SHOWN else ""


def hints(venue: Venue, key: str) -> tuple[str, ...]:
    """What is unusual about a key of this venue; venues change their formats, so it refuses nothing (KEY-05)."""
    found = []
    if venue in _LENGTHS and len(key) not in _LENGTHS[venue]:
        found.append("key_length_unusual")
    if venue in _CHARACTERS and not _CHARACTERS[venue].fullmatch(key):
        found.append("key_characters_unusual")
    return tuple(found)
