"""Bytes from outside become named fields, and fields become text that may be kept (SIG-11, SIG-41)."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from cbc_domain.kernel.errors import Invalid

LARGEST_BODY: Final = 65_536
"""Bytes of a webhook body, limit included (SIG-11)."""

DEEPEST: Final = 20
_LONGEST_NUMBER: Final = 64
_SAID_ONCE: Final = frozenset(
    {"secret", "signal", "action", "ticker", "symbol", "close", "price", "entry_price", "time", "timestamp"}
)
_SECRET: Final = re.compile(r'(secret"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|[^\s,}\]"]+)', re.IGNORECASE | re.DOTALL)


def read_body(body: bytes) -> dict[str, object]:
    """Read a body as one JSON object whatever its content type: numbers as Decimal, bare NaN and infinities as None.

    A number of absurd length stays its text. Raises Invalid `payload_too_large`; `signal_malformed` for what is no
    object, nests deeper than 20 levels, or says a field that has an effect twice with two values.
    """
    if len(body) > LARGEST_BODY:
        raise Invalid("payload_too_large", f"expected at most {LARGEST_BODY} bytes, was {len(body)}")
    try:
        content = _decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as fault:
        raise _malformed(f"byte {fault.start} that is not UTF-8") from None
    except json.JSONDecodeError as fault:
        raise _malformed(f"not readable at character {fault.pos} ({fault.msg})") from None
    except RecursionError:
        raise _malformed("nested too deeply") from None
    if not isinstance(content, dict):
        raise _malformed(f"JSON of another type ({type(content).__name__})")
    if not _nests_within(content, DEEPEST):
        raise _malformed("nested too deeply")
    return content


def take_secret(body: Mapping[str, object]) -> tuple[str | None, dict[str, object]]:
    """Split the top-level `secret` from the rest; None where there is none or it is no text (SIG-40)."""
    secret = body.get("secret")
    rest = {name: value for name, value in body.items() if name != "secret"}
    return (secret if isinstance(secret, str) and secret else None), rest


def readable_body(body: bytes | Mapping[str, object]) -> str:
    """Write a body as it may be kept and shown: no field named secret at any depth, no more than 64 KiB, always UTF-8.

    A body that can be read is written as JSON with its numbers unchanged; one that cannot is kept as text.
    """
    if isinstance(body, Mapping):
        return _encodable(_json(body))
    try:
        return _encodable(_json(read_body(body)))
    except Invalid:
        text = body[:LARGEST_BODY].decode("utf-8", "backslashreplace")
        return _SECRET.sub(r"\1removed", text)


def _decode(text: str) -> object:
    content: object = json.loads(
        text, parse_float=_number, parse_int=_number, parse_constant=lambda _: None, object_pairs_hook=_named
    )
    return content


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text) if len(text) <= _LONGEST_NUMBER else text
    except InvalidOperation:
        return text


def _named(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        for name, value in pairs:
            if name in _SAID_ONCE and fields[name] != value:
                raise _malformed(f"two values of {name}")
    return fields


def _nests_within(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_nests_within(item, levels - 1) for item in inner)


def _json(value: object) -> str:
    match value:
        case Mapping():
            kept = {str(name): item for name, item in value.items() if str(name).casefold() != "secret"}
            return "{" + ", ".join(f"{_json(name)}: {_json(item)}" for name, item in kept.items()) + "}"
        case list():
            return "[" + ", ".join(_json(item) for item in value) + "]"
        case Decimal() if value.is_finite():
            return str(value)
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _malformed(found: str) -> Invalid:
    return Invalid("signal_malformed", f"expected one JSON object, was {found}")
