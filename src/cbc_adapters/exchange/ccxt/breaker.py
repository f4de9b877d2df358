"""The circuit breaker of a venue: when nothing answers, opens stop asking; closes and protection go on trying (EXC-08)."""

from typing import Final

import attrs

FAILURES: Final = 5
"""So many calls without a usable answer open it."""
WITHIN_S: Final = 30.0
"""The seconds in which they have to come."""
OPEN_S: Final = 30.0
"""How long it stays open before a probe may go."""
PROBE_S: Final = 10.0
"""How long a probe is waited for before another may go: no call lasts longer (EXC-09)."""


@attrs.frozen
class Breaker:
    """Closed while `until` is None; open before it, and then one probe at a time. Instants are seconds of a steady clock."""

    failures: tuple[float, ...] = ()
    until: float | None = None
    probing: bool = False

    def allows(self, now: float, *, critical: bool) -> bool:
        return self.until is None or critical or now >= self.until

    def sent(self, now: float) -> "Breaker":
        """A call went out: when it was the time to probe, this is the probe."""
        if self.until is None or now < self.until:
            return self
        return Breaker(until=now + PROBE_S, probing=True)

    def failed(self, now: float) -> "Breaker":
        """A call had no usable answer."""
        if self.until is not None:
            return Breaker(until=now + OPEN_S) if self.probing or now >= self.until else self
        failures = (*(at for at in self.failures if now - at < WITHIN_S), now)
        return Breaker(until=now + OPEN_S) if len(failures) >= FAILURES else Breaker(failures)

    def answered(self) -> "Breaker":
        """The venue answered, be it a refusal: it is there."""
        return self if self.until is None else CLOSED


CLOSED: Final = Breaker()
