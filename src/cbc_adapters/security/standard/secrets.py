"""Secrets at rest: each sealed with a data key of its own, which a master key wraps (KEY-06)."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cbc_domain.kernel.errors import Invalid, Unavailable

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class Vault:
    """Seal and open secrets with AES-256-GCM; the sealed text names its master key, so that old ones stay readable.

    `about` is who and what the secret belongs to (row, member, exchange, environment): opened under any other it fails.
    """

    def __init__(self, master_keys: Mapping[str, bytes], current: str) -> None:
        """Raises Invalid `settings_invalid` for a key that is not 256 bits, and for a current one that is not there."""
        if current not in master_keys or any(len(key) != KEY_BYTES for key in master_keys.values()):
            raise Invalid("settings_invalid", "expected master keys of 256 bits and the current one among them")
        self._masters = {name: AESGCM(key) for name, key in master_keys.items()}
        self._current = current

    @property
    def current(self) -> str:
        return self._current

    def seal(self, secret: bytes, about: bytes) -> str:
        data_key = AESGCM.generate_key(KEY_BYTES * 8)
        return ".".join((*self._wrapped(data_key, about), _encrypted(AESGCM(data_key), secret, about)))

    def open(self, sealed: str, about: bytes) -> bytes:
        """Raises Unavailable `unavailable` for an unknown master key, a changed text and another `about`."""
        name, wrapped, body = _parts(sealed)
        return _decrypted(AESGCM(self._data_key(name, wrapped, about)), body, about)

    def rewrap(self, sealed: str, about: bytes) -> str:
        """Move to the current master key without opening the secret; one that is there already stays the same."""
        name, wrapped, body = _parts(sealed)
        if name == self._current:
            return sealed
        return ".".join((*self._wrapped(self._data_key(name, wrapped, about), about), body))

    def _wrapped(self, data_key: bytes, about: bytes) -> tuple[str, str]:
        return self._current, _encrypted(self._masters[self._current], data_key, about)

    def _data_key(self, name: str, wrapped: str, about: bytes) -> bytes:
        if name not in self._masters:
            raise Unavailable("unavailable", f"expected a known master key, was {name[:20]!r}")
        return _decrypted(self._masters[name], wrapped, about)


def _encrypted(key: AESGCM, plain: bytes, about: bytes) -> str:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + key.encrypt(nonce, plain, about)).decode()


def _decrypted(key: AESGCM, text: str, about: bytes) -> bytes:
    try:
        raw = urlsafe_b64decode(text)
        return key.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about)
    except (InvalidTag, ValueError):
        raise Unavailable("unavailable", "expected a sealed secret of this owner, was changed or another's") from None


def _parts(sealed: str) -> tuple[str, str, str]:
    parts = sealed.split(".")
    if len(parts) != 3:
        raise Unavailable("unavailable", f"expected a sealed secret of three parts, was {len(parts)}")
    return parts[0], parts[1], parts[2]
