"""Judge what a venue says of a key: why it is refused, when it is asked about again, when it counts as invalid."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from cbc_domain.kernel.venues import Environment
from cbc_domain.risk.model import ExchangeAccount, KeyStatus

ASKED_EVERY: Final = timedelta(hours=20)
"""Daily (KEY-03), with room for a sweep that is late: no key should be older than a day at the first order of one."""
TRUSTED_FOR: Final = timedelta(days=1)
"""How long ago a key may have passed when something is opened with it (KEY-03)."""
ASKED_AGAIN: Final = timedelta(hours=1)
"""After a failure, so that one that was a venue's slip does not stand for a day."""
LEASE: Final = timedelta(minutes=10)
"""How long a sweep has a key to itself; a venue that is away is asked again after it."""
FAILURES: Final = 2
"""In a row, and the key is INVALID (KEY-10)."""
WARNED_BEFORE: Final = timedelta(days=7)
"""KEY-10."""


class KeyRefusal(StrEnum):
    """Why a key is not taken (KEY-03, KEY-04), in the order in which the first one is the headline."""

    KEY_INVALID = "key_invalid"
    KEY_IP_BLOCKED = "key_ip_blocked"
    KEY_CAN_WITHDRAW = "key_can_withdraw"
    KEY_CANNOT_TRADE = "key_cannot_trade"
    KEY_PERMISSIONS_UNKNOWN = "key_permissions_unknown"
    KEY_POSITION_MODE = "key_position_mode"
    KEY_WRONG_ENVIRONMENT = "key_wrong_environment"
    KEY_IN_USE = "key_in_use"


@attrs.frozen
class KeyFindings:
    """What a venue says of a key (KEY-03); None where it does not tell.

    `hedge` is the account's position mode; `restricted` whether the key works from listed addresses only.
    """

    reads: bool
    trades: bool
    withdraws: bool | None
    hedge: bool | None
    restricted: bool | None = None
    expires_at: datetime | None = None


@attrs.frozen
class KeyHealth:
    """How a stored key did so far: `verified_at` is when a venue last found nothing against it, `failures` those since then.

    It is asked about at `due_at`; `expires_at` and `restricted` are None where the venue does not tell.
    """

    verified_at: datetime
    due_at: datetime
    failures: int = 0
    expires_at: datetime | None = None
    restricted: bool | None = None


@attrs.frozen
class Judged:
    """An account and its key as an examination leaves them; `refusals` is empty when the key passed."""

    account: ExchangeAccount
    health: KeyHealth
    refusals: tuple[KeyRefusal, ...] = ()


def refusals(findings: KeyFindings, environment: Environment) -> tuple[KeyRefusal, ...]:
    """Every reason to refuse a key (KEY-03, KEY-04, EXC-06).

    A test environment that does not reveal withdrawals is believed; an unreadable position mode refuses everywhere.
    """
    found = {
        KeyRefusal.KEY_INVALID: not findings.reads,
        KeyRefusal.KEY_CANNOT_TRADE: not findings.trades,
        KeyRefusal.KEY_CAN_WITHDRAW: findings.withdraws is True,
        KeyRefusal.KEY_PERMISSIONS_UNKNOWN: findings.withdraws is None and environment is Environment.LIVE,
        KeyRefusal.KEY_POSITION_MODE: findings.hedge is None,
    }
    return tuple(refusal for refusal in KeyRefusal if found.get(refusal))


def first_health(findings: KeyFindings, now: datetime) -> KeyHealth:
    """The health of a key that has just passed its first examination."""
    return KeyHealth(now, now + ASKED_EVERY, 0, findings.expires_at, findings.restricted)


def found_on(account: ExchangeAccount, findings: KeyFindings) -> ExchangeAccount:
    """The account with what the venue says of it; a position mode that it does not tell stays what it was."""
    return attrs.evolve(
        account,
        can_trade=findings.trades,
        can_withdraw=findings.withdraws is True,
        hedge=account.hedge if findings.hedge is None else findings.hedge,
    )


def judged(
    account: ExchangeAccount,
    health: KeyHealth,
    findings: KeyFindings | None,
    refused: tuple[KeyRefusal, ...],
    now: datetime,
) -> Judged:
    """Judge an examination that came to an end; `findings` is None where the venue refused the key as a whole.

    One that passes is VALID again. The second failure in a row makes it INVALID (KEY-10); a right to withdraw or a lost right
    to trade stops opens at the first, because the account says so itself. A venue that is away is no examination.
    """
    seen = account if findings is None else found_on(account, findings)
    if not refused and findings is not None:
        return Judged(attrs.evolve(seen, status=KeyStatus.VALID), first_health(findings, now))
    failures = health.failures + 1
    status = KeyStatus.INVALID if failures >= FAILURES else account.status
    failing = attrs.evolve(health, failures=failures, due_at=now + ASKED_AGAIN)
    return Judged(attrs.evolve(seen, status=status), failing, refused)


def ends_soon(health: KeyHealth, now: datetime) -> bool:
    """Say whether a key expires within the time of warnings (KEY-10); one without an end never does."""
    return health.expires_at is not None and health.expires_at - now <= WARNED_BEFORE
