"""Whose alert it is: a secret in the path, the body or the bearer header, or a signature over the body (SIG-40 to SIG-43)."""

from datetime import datetime

import attrs

from cbc_domain.kernel.errors import Denied, Invalid
from cbc_domain.kernel.ids import StrategyId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.security import Sealer
from cbc_domain.signals.body import LARGEST_BODY, read_body, take_secret
from cbc_domain.signals.model import Strategy, StrategySecret
from cbc_domain.signals.webhook import may_send_from, secret_hash, verify_signature


@attrs.frozen
class Sender:
    """The strategy an alert speaks for, and the secret that proved it."""

    strategy: Strategy
    secret: StrategySecret


@attrs.frozen
class RecogniseSender:
    """Raises Denied `webhook_auth_failed`, alike for every mode and cause (SIG-43)."""

    store: Store
    sealer: Sealer

    async def __call__(
        self, body: bytes, secret: str | None, signature: str | None, now: datetime, address: str | None = None
    ) -> Sender:
        """A signature, when there is one, is all that counts; `secret` None means that it may stand in the body.

        `address` is the sender's IP address, None where it is not known: a list of a strategy adds to its secret (SIG-44).
        Raises Invalid `payload_too_large` for a body too large to be searched for a secret.
        """
        async with self.store() as work:
            if signature is not None:
                sender = await self._signed(work, body, signature, now)
            else:
                sender = await _named(work, secret or _secret_within(body), now)
        if sender is None or not may_send_from(sender.strategy.source_addresses, address):
            raise Denied("webhook_auth_failed", "expected the secret of a strategy")
        return sender

    async def _signed(self, work: UnitOfWork, body: bytes, signature: str, now: datetime) -> Sender | None:
        for kept in await work.signals.hmac_secrets(now):
            if kept.sealed is None:
                continue
            secret = self.sealer.open(kept.sealed.decode("ascii"), seal_subject(kept.strategy)).decode("utf-8")
            if verify_signature(signature, body, secret, now):
                strategy = await work.signals.strategy(kept.strategy)
                return Sender(strategy, kept) if strategy is not None else None
        return None


def seal_subject(strategy: StrategyId) -> bytes:
    """What a sealed webhook secret belongs to."""
    return f"strategy:{strategy}".encode()


async def _named(work: UnitOfWork, secret: str | None, now: datetime) -> Sender | None:
    known = await work.signals.strategy_of_secret(secret_hash(secret), now) if secret else None
    return Sender(*known) if known is not None else None


def _secret_within(body: bytes) -> str | None:
    if len(body) > LARGEST_BODY:
        raise Invalid("payload_too_large", f"expected at most {LARGEST_BODY} bytes, was more")
    try:
        secret, _ = take_secret(read_body(body))
    except Invalid:
        return None
    return secret
