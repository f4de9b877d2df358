"""Say what the platform can do now: each part with its state and the age of what it tells (OPS-01)."""

from datetime import datetime

import attrs

from cbc_domain.application.trading.decide_signal import market_now
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.market.model import MarketCode
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock


@attrs.frozen
class Part:
    """`state` is ok, unknown, broken or unavailable; `age_s` in whole seconds, None without an age."""

    name: str
    state: str
    age_s: int | None = None


@attrs.frozen
class Readiness:
    """`serves` is False when requests cannot be answered: without the database there is nothing to say."""

    parts: tuple[Part, ...]

    @property
    def serves(self) -> bool:
        return all(part.state != "unavailable" for part in self.parts)


@attrs.frozen
class CheckReadiness:
    store: Store
    clock: Clock

    async def __call__(self) -> Readiness:
        now = self.clock.now()
        try:
            async with self.store() as work:
                backlog = await work.lane.backlog(now)
                reading = await market_now(work, now)
                books = await _books(work, now)
        except Unavailable:
            return Readiness((Part("database", "unavailable"),))
        known = reading.code is not MarketCode.FG_UNKNOWN
        age = int((now - reading.observation.at).total_seconds()) if known else None
        return Readiness(
            (
                Part("database", "ok"),
                Part("queue", "ok", backlog.oldest_s),
                Part("market", "ok" if known else "unknown", age),
                books,
            )
        )


async def _books(work: UnitOfWork, now: datetime) -> Part:
    """What the last proof of the books said, and how old the last good one is (LED-21)."""
    last, good = await work.books.kept_proof(), await work.books.kept_proof(held=True)
    state = "unknown" if last is None else "ok" if last.held else "broken"
    return Part("books", state, int((now - good.at).total_seconds()) if good else None)
