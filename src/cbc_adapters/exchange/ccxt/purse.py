"""What one payer of a venue has left of its limits: an address, or one account."""

from collections.abc import Iterable, Mapping, Sequence

from cbc_adapters.exchange.ccxt.budgets import bucket_of
from cbc_adapters.exchange.ccxt.limits import Counted, Left, Limit, Rank

Cost = Mapping[Counted, int]


class Purse:
    """Mutable: it is paid from. Instants are seconds of a clock that never goes back."""

    __slots__ = ("_buckets", "_queued", "_until")

    def __init__(self, limits: Sequence[Limit], now: float) -> None:
        self._buckets = {limit: bucket_of(limit, now) for limit in limits}
        self._queued: list[tuple[Rank, Cost]] = []
        self._until = 0.0

    def wait(self, now: float, cost: Cost, rank: Rank, *, first: bool = True) -> float:
        """Seconds until this can be paid; `first` stands behind those of its rank who wait already, and those before them."""
        begins, longest = max(now, self._until), 0.0
        for limit, bucket in self._buckets.items():
            if amount := cost.get(limit.counted, 0):
                filled = self._buckets[limit] = bucket.filled(begins)
                behind = self._queued if first and rank is not Rank.CRITICAL else ()
                ahead = sum(other.get(limit.counted, 0) for others, other in behind if others <= rank)
                longest = max(longest, filled.wait(amount, rank, ahead=ahead))
        return begins - now + longest

    def pay(self, cost: Cost) -> None:
        """Take what `wait` said can be taken now."""
        for limit, bucket in self._buckets.items():
            if amount := cost.get(limit.counted, 0):
                self._buckets[limit] = bucket.less(amount)

    def give_back(self, paid: Cost, used: Cost) -> None:
        """Take back what a call was paid for and did not use."""
        for limit, bucket in self._buckets.items():
            if (back := paid.get(limit.counted, 0) - used.get(limit.counted, 0)) > 0:
                self._buckets[limit] = bucket.more(back)

    def queue(self, cost: Cost, rank: Rank) -> None:
        self._queued.append((rank, cost))

    def leave_queue(self, cost: Cost, rank: Rank) -> None:
        self._queued.remove((rank, cost))

    def correct(self, now: float, told: Iterable[Left]) -> None:
        for one in told:
            if bucket := self._buckets.get(one.limit):
                self._buckets[one.limit] = bucket.filled(now).corrected(one.amount)

    def slow_down(self, now: float, wait_s: float) -> None:
        """Pay nothing for so many seconds, and then at half the rate."""
        # Calls that were under way together are refused together: that is one refusal, not many.
        if now >= self._until:
            self._buckets = {limit: bucket.filled(now).slowed() for limit, bucket in self._buckets.items()}
        if now + wait_s > self._until:
            self._until = now + wait_s
            self._buckets = {limit: bucket.rested(self._until) for limit, bucket in self._buckets.items()}

    @property
    def until(self) -> float:
        """Before this nothing is paid; in the past when nothing is held back."""
        return self._until

    def full(self, now: float) -> bool:
        """Whether a new one would be the same."""
        fresh = all(b.share >= 1.0 and b.left >= b.burst for b in (one.filled(now) for one in self._buckets.values()))
        return fresh and now >= self._until and not self._queued
