"""Whether a sender may be heard: the signature of a body, and how many alerts in how short a time."""

import hashlib
import hmac
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

CLOCKS_MAY_DIFFER: Final = timedelta(seconds=60)
"""How far the signed time may be from ours, either way, limit included (SIG-42)."""

_HEADER: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-fA-F]{64})", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class Limit:
    """How many at once, and how long until one more may follow."""

    burst: int
    one_more_after: timedelta

    @property
    def until_full(self) -> timedelta:
        """How long an empty bucket takes to be full again."""
        return self.one_more_after * self.burst


WEBHOOK_LIMIT: Final = Limit(burst=30, one_more_after=timedelta(hours=1) / 300)
"""For each secret one bucket for opens and one for closes, so that opens cannot crowd out a close (SIG-45)."""


SOURCE_LIMIT: Final = Limit(burst=60, one_more_after=timedelta(minutes=1) / 60)
SYMBOL_LIMIT: Final = Limit(burst=20, one_more_after=timedelta(minutes=1) / 20)
TOTAL_LIMIT: Final = Limit(burst=200, one_more_after=timedelta(minutes=1) / 200)
"""Opens a minute of one strategy, of one symbol of it, and of all together; closes are never limited by these (SIG-36)."""


TRADINGVIEW_ADDRESSES: Final = frozenset({"52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7"})
"""From where TradingView sends; a strategy that wants only those is created with them (SIG-44)."""


@attrs.frozen
class Bucket:
    """A token bucket, known by the instant at which it is full again if nobody takes from it."""

    full_at: datetime


def secret_hash(secret: str) -> str:
    """How a webhook secret is kept: hex SHA-256; enough for 128 random bits (SIG-41)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def may_send_from(addresses: Collection[str], sender: str | None) -> bool:
    """Say whether an alert may come from this IP address; no list permits all, an unknown address only that (SIG-44)."""
    return not addresses or sender in addresses


def verify_signature(header: str, body: bytes, secret: str, now: datetime) -> bool:
    """Check `X-CBC-Signature` over the raw body in constant time; False for any header that is not right (SIG-42)."""
    match = _HEADER.fullmatch(header)
    if match is None:
        return False
    expected = hmac.new(secret.encode("utf-8", "surrogatepass"), f"{match[1]}.".encode() + body, hashlib.sha256)
    in_time = abs(now - _EPOCH - timedelta(seconds=int(match[1]))) <= CLOCKS_MAY_DIFFER
    return hmac.compare_digest(expected.hexdigest(), match[2].lower()) and in_time


def take(bucket: Bucket | None, now: datetime, limit: Limit = WEBHOOK_LIMIT) -> tuple[Bucket, timedelta | None]:
    """Take one token: the bucket afterwards, and None when granted, else how long to wait until one is there.

    `bucket` None is a full one. A refusal takes nothing; a clock that went back never makes the wait longer than an
    empty bucket would.
    """
    until_full = limit.until_full
    full_at = min(max(bucket.full_at, now), now + until_full) if bucket is not None else now
    wait = full_at + limit.one_more_after - now - until_full
    if wait > timedelta(0):
        return Bucket(full_at), wait
    return Bucket(full_at + limit.one_more_after), None
