"""Identities that repeat for a seed; never for secrets that protect anything."""

from random import Random
from typing import Final
from uuid import UUID

from cbc_domain.kernel.ids import RANDOM_BYTES, uuid7
from cbc_domain.ports.system import Clock

RANDOM_BITS: Final = 38


class SteppedIdentities:
    """Make reproducible UUIDs of version 7 that ascend; mutable because each call draws from the seed.

    They ascend because the first random bits count the identities made so far, in one process up to 2**36 of them.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._random = Random(seed)
        self._made = 0
        self._latest = clock.now()

    def new(self) -> UUID:
        self._latest = max(self._latest, self._clock.now())
        self._made += 1
        count = self._made << RANDOM_BITS | self._random.getrandbits(RANDOM_BITS)
        # uuid7 writes version and variant over bits 76 to 79 and 62 to 63: the count goes around them.
        spread = count >> 62 << 64 | count & (1 << 62) - 1
        return uuid7(self._latest, spread.to_bytes(RANDOM_BYTES, "big"))

    def secret(self, size: int) -> bytes:
        return self._random.randbytes(size)
