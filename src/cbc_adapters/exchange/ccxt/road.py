"""What is known of the way to one venue and environment: its budgets, its breaker, its clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import attrs

from cbc_adapters.exchange.ccxt.backoff import Backoff
from cbc_adapters.exchange.ccxt.breaker import CLOSED
from cbc_adapters.exchange.ccxt.clients import Market
from cbc_adapters.exchange.ccxt.limits import Errand, Headers, Payer, Published, Rank, rank_of
from cbc_adapters.exchange.ccxt.purse import Cost, Purse
from cbc_domain.kernel.ids import AccountId
from cbc_domain.ports.exchange import VenueStanding

MOST_PURSES: Final = 10_000
"""Purses of accounts, above which those that are full are thrown away: a new one is as full."""
NOTHING: Final[Cost] = {}


class Road:
    """Mutable: it learns from every answer. Instants are seconds of a clock that never goes back."""

    def __init__(self, market: Market, published: Published, now: float) -> None:
        self.market, self.published = market, published
        self.breaker = CLOSED
        self.skew: timedelta | None = None
        self.measure_at = now
        self._address = Purse(published.of(Payer.ADDRESS), now)
        self._accounts: dict[AccountId, Purse] = {}
        self._of_account = published.of(Payer.ACCOUNT)

    def trip(self, errand: Errand, account: AccountId | None, now: float) -> "Trip":
        """A call that is to be made: the address pays for it, and the account that it is made for."""
        cost = self.published.costs.get(errand, NOTHING)
        payers = (self._address,) if account is None else (self._address, self._purse(account, now))
        return Trip(self, payers, cost, rank_of(errand))

    def standing(self, now: float, wall: datetime) -> VenueStanding:
        """As of now, which is the instant `wall`."""
        until = max(self._address.until, self.breaker.until or 0.0)
        held_until = wall + timedelta(seconds=until - now) if until > now else None
        return VenueStanding(*self.market, self.skew, self.breaker.until is not None, held_until)

    def _purse(self, account: AccountId, now: float) -> Purse:
        purse = self._accounts.get(account)
        if purse is None:
            if len(self._accounts) >= MOST_PURSES:
                self._accounts = {one: kept for one, kept in self._accounts.items() if not kept.full(now)}
            purse = self._accounts[account] = Purse(self._of_account, now)
        return purse


@attrs.frozen
class Trip:
    """One call on its road, and who pays what for it."""

    road: Road
    payers: tuple[Purse, ...]
    cost: Cost
    rank: Rank

    def permitted(self, now: float) -> bool:
        """Whether the breaker lets it pass."""
        return self.road.breaker.allows(now, critical=self.rank is Rank.CRITICAL)

    def wait(self, now: float, *, first: bool = True) -> float:
        """Seconds until all can pay; 0 for at once."""
        return max(purse.wait(now, self.cost, self.rank, first=first) for purse in self.payers)

    def is_spare(self, now: float) -> bool:
        """Whether it might go at once though everything else went before."""
        if not self.road.breaker.allows(now, critical=False):
            return False
        return not any(purse.wait(now, self.cost, Rank.BACKGROUND) for purse in self.payers)

    def begin(self, now: float) -> None:
        for purse in self.payers:
            purse.pay(self.cost)
        self.road.breaker = self.road.breaker.sent(now)

    def give_back(self, used: Cost) -> None:
        """It did not use all that was paid for it."""
        for purse in self.payers:
            purse.give_back(self.cost, used)

    @contextmanager
    def queued(self) -> Iterator[None]:
        """Let those who come later see that this one waits."""
        for purse in self.payers:
            purse.queue(self.cost, self.rank)
        try:
            yield
        finally:
            for purse in self.payers:
                purse.leave_queue(self.cost, self.rank)

    def answered(self, headers: Headers, now: float) -> None:
        self.road.breaker = self.road.breaker.answered()
        if told := self.road.published.left(headers):
            for purse in self.payers:
                purse.correct(now, told)

    def refused(self, backoff: Backoff | None, now: float) -> None:
        """The venue answered, and for all we know it is well; or it said who asks too much."""
        self.road.breaker = self.road.breaker.answered()
        if backoff is not None:
            # The address stands first; a call without an account has no other payer.
            self.payers[-1 if backoff.payer is Payer.ACCOUNT else 0].slow_down(now, backoff.wait_s)

    def lost(self, now: float) -> None:
        """Nothing usable came back."""
        self.road.breaker = self.road.breaker.failed(now)
