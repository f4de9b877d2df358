"""Say what the platform can do now: each part with its state and the age of what it tells (OPS-01)."""

import attrs

from cbc_domain.application.trading.decide_signal import market_now
from cbc_domain.kernel.errors import Unavailable
from cbc_domain.market.model import MarketCode
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock


@attrs.frozen
class Part:
    """`state` is ok, unknown or unavailable; `age_s` in whole seconds, None without an age."""

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
        except Unavailable:
            return Readiness((Part("database", "unavailable"),))
        known = reading.code is not MarketCode.FG_UNKNOWN
        age = int((now - reading.observation.at).total_seconds()) if known else None
        return Readiness(
            (
                Part("database", "ok"),
                Part("queue", "ok", backlog.oldest_s),
                Part("market", "ok" if known else "unknown", age),
            )
        )
