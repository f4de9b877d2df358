"""Token buckets: how much of a published limit may be used now, and how long to wait for it (EXC-08, PRI-07)."""

from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.limits import Limit, Rank

BURST: Final = 0.45
"""The part of a limit that may be used at once."""
BORROWED: Final = 0.05
"""The part of a limit that closes and protection may use beyond what is there; it is paid back before anything else goes. The
rest flows within the window of the limit: no window sees more than all three together, which is the limit."""
RESERVED: Final = {Rank.CRITICAL: 0.0, Rank.USUAL: 0.3, Rank.BACKGROUND: 0.5}
"""The part of what a bucket may hold now that each leaves alone: it is kept for those who go before."""
SLOWED: Final = 0.5
"""EXC-08: 429 and 418 halve the rate."""
RECOVERY_S: Final = 600.0
"""Seconds in which a rate, and what a bucket may hold, come back from nothing to what is published."""
AFTER_REFUSAL_S: Final = 1.0
"""After a refusal a bucket holds no more than flows in within so long at the published rate: room for each errand of an
open at all four venues, reserve included, and 1 % of a minute's limit."""


@attrs.frozen
class Bucket:
    """Tokens `left` at the instant `at`, in seconds of a clock that never goes back; `share` of the rate flows in.

    `left` is negative while up to `credit` is borrowed. `room` is what it may hold now, at most `burst`. A refusal takes the
    room away, and not what is in it: who was refused for too much must not send a burst again as soon as he may speak, and an
    open must not wait until the reserve of a burst that is gone has flowed in. With room for a second and the reserve a part
    of it, an open that comes when Retry-After is over waits for less than 2 s at each of the four venues; heavy questions wait
    until the room is back.
    """

    burst: float
    credit: float
    per_second: float
    left: float
    at: float
    share: float
    room: float

    def filled(self, now: float) -> "Bucket":
        """The bucket as it is now, recovering from what slowed it."""
        passed = now - self.at
        if passed <= 0:
            return self
        share = min(self.share + passed / RECOVERY_S, 1.0)
        room = min(self.room + passed * self._widens, self.burst)
        flowed = self.per_second * passed * (self.share + share) / 2
        return attrs.evolve(self, left=min(self.left + flowed, room), at=now, share=share, room=room)

    def wait(self, cost: float, rank: Rank, *, ahead: float = 0.0) -> float:
        """Seconds until `cost` can be taken: 0 for at once. What is critical may borrow.

        `ahead` is what others take before.
        """
        reserved, credit = RESERVED[rank], self.credit if rank is Rank.CRITICAL else 0.0
        missing = ahead + cost + reserved * self.room - self.left - credit
        narrow = cost / (1 - reserved) - self.room - credit
        return max(missing / (self.per_second * self.share), narrow / self._widens, 0.0)

    def less(self, cost: float) -> "Bucket":
        return attrs.evolve(self, left=self.left - cost)

    def more(self, back: float) -> "Bucket":
        """Take back what was paid and not used."""
        return attrs.evolve(self, left=min(self.left + back, self.room))

    def corrected(self, left: float) -> "Bucket":
        """Others may use the same limit: what the venue says is left is believed when it is less than we think."""
        return self if left >= self.left else attrs.evolve(self, left=max(left, 0.0))

    def slowed(self) -> "Bucket":
        """At half the rate, and with little room: the venue said that what we thought was left is not."""
        room = min(self.per_second * AFTER_REFUSAL_S, self.room)
        return attrs.evolve(self, left=min(self.left, room), share=self.share * SLOWED, room=room)

    def rested(self, until: float) -> "Bucket":
        """As it will be when nothing was paid until then; it recovers only from there on, however long that is."""
        flowed = self.per_second * self.share * (until - self.at)
        return attrs.evolve(self, left=min(self.left + flowed, self.room), at=until)

    @property
    def _widens(self) -> float:
        return self.burst / RECOVERY_S


def bucket_of(limit: Limit, now: float) -> Bucket:
    """A full bucket for a published limit."""
    burst, credit = limit.amount * BURST, limit.amount * BORROWED
    return Bucket(burst, credit, (limit.amount - burst - credit) / limit.window_s, burst, now, 1.0, burst)
