"""Identities from the machine's cryptographic source."""

import secrets
from threading import Lock
from typing import Final
from uuid import UUID

from cbc_adapters.system.real.clock import SystemClock
from cbc_domain.kernel.ids import RANDOM_BYTES, uuid7
from cbc_domain.ports.system import Clock

STEP_BYTES: Final = 4
"""Bytes of the random step from the last identity of an instant to the next one, which nobody can guess."""


class SystemIdentities:
    """Make UUIDs of version 7 that ascend within this process; mutable because it remembers the last one.

    Within one millisecond, or when the clock steps back, the last identity is counted up (RFC 9562 section 6.2,
    method 2).
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._last = UUID(int=0)
        self._lock = Lock()

    def new(self) -> UUID:
        random = secrets.token_bytes(RANDOM_BYTES)
        fresh = uuid7(self._clock.now(), random)
        with self._lock:
            self._last = fresh if fresh > self._last else successor(self._last, int.from_bytes(random[-STEP_BYTES:]) + 1)
            return self._last

    def secret(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def successor(identity: UUID, step: int) -> UUID:
    """A later identity of version 7: `step` is added to its random bits, and what overflows them to its time."""
    low = identity.int & (1 << 62) - 1
    middle = identity.int >> 64 & (1 << 12) - 1
    total = (identity.int >> 80) << 74 | middle << 62 | low
    total += step
    return UUID(int=(total >> 74) << 80 | 0x7 << 76 | (total >> 62 & (1 << 12) - 1) << 64 | 0b10 << 62 | total & (1 << 62) - 1)
