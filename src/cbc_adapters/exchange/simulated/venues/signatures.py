"""Signatures as the venues reckon them: HMAC-SHA256 of a text with the key's secret."""

import base64
import hmac


def in_hexadecimal(secret: str, payload: str) -> str:
    return _digest(secret, payload).hex()


def in_base64(secret: str, payload: str) -> str:
    return base64.b64encode(_digest(secret, payload)).decode()


def same(expected: str, given: str) -> bool:
    """Compare in a time that tells nothing; what is no ASCII is another signature."""
    return hmac.compare_digest(expected.encode(), given.encode())


def _digest(secret: str, payload: str) -> bytes:
    return hmac.digest(secret.encode(), payload.encode(), "sha256")
