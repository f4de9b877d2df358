"""Token buckets: how much of a published limit may be used now, and how long to wait for it (EXC-08, PRI-07)."""

from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.limits import Limit

BURST: Final = 0.5
"""The part of a limit that may be used at once; the rest flows within its window: no window sees more than the limit."""
RESERVED: Final = 0.3
"""The part of a full bucket that is kept for closes and protection."""
SLOWED: Final = 0.5
"""EXC-08: 429 and 418 halve the rate."""
RECOVERY_S: Final = 600.0
"""Seconds in which a rate comes back from nothing to what is published."""


@attrs.frozen
class Bucket:
    """Tokens `left` at the instant `at`, in seconds of a clock that never goes back; `share` of the rate flows in."""

    burst: float
    per_second: float
    left: float
    at: float
    share: float = 1.0

    def filled(self, now: float) -> "Bucket":
        """The bucket as it is now, recovering from what slowed it."""
        passed = now - self.at
        if passed <= 0:
            return self
        share = min(self.share + passed / RECOVERY_S, 1.0)
        flowed = self.per_second * passed * (self.share + share) / 2
        return Bucket(self.burst, self.per_second, min(self.left + flowed, self.burst), now, share)

    def wait(self, cost: float, *, critical: bool) -> float:
        """Seconds until `cost` can be taken: 0 for at once. What is not critical leaves the reserve alone."""
        missing = cost - self.left if critical else cost + RESERVED * self.burst - self.left
        return missing / (self.per_second * self.share) if missing > 0 else 0.0

    def less(self, cost: float) -> "Bucket":
        return Bucket(self.burst, self.per_second, self.left - cost, self.at, self.share)

    def corrected(self, left: float) -> "Bucket":
        """Others may use the same limit: what the venue says is left is believed when it is less than we think."""
        return self if left >= self.left else attrs.evolve(self, left=max(left, 0.0))

    def slowed(self) -> "Bucket":
        """Empty and at half the rate: the venue said that what we thought was left is not."""
        return attrs.evolve(self, left=min(self.left, 0.0), share=self.share * SLOWED)


def bucket_of(limit: Limit, now: float) -> Bucket:
    """A full bucket for a published limit."""
    burst = limit.amount * BURST
    return Bucket(burst, (limit.amount - burst) / limit.window_s, burst, now)
