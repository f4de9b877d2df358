"""How many alerts a sender may send in how short a time (SIG-36, SIG-45)."""

from datetime import datetime

import attrs

from cbc_domain.application.trading.recognise_sender import Sender
from cbc_domain.kernel.errors import TooMany
from cbc_domain.ports.cache import Throttle
from cbc_domain.signals.model import ParsedAlert
from cbc_domain.signals.webhook import SOURCE_LIMIT, SYMBOL_LIMIT, TOTAL_LIMIT, WEBHOOK_LIMIT, Limit


@attrs.frozen
class LimitAlerts:
    """Raises TooMany. Closes have a bucket of their own for each secret, and no other limit.

    A strategy that is not `limited` is held by its secret's bucket alone (SIG-36).
    """

    throttle: Throttle

    async def __call__(self, sender: Sender, alert: ParsedAlert | None, now: datetime) -> None:
        """`alert` None is a body that was not understood; it counts as an open."""
        closes = alert is not None and alert.kind.closes
        await self._take(f"secret:{sender.secret.hash}:{'close' if closes else 'open'}", WEBHOOK_LIMIT, now)
        if alert is not None and alert.kind.opens and sender.strategy.limited:
            strategy = sender.strategy.id
            await self._take(f"symbol:{strategy}:{alert.symbol}", SYMBOL_LIMIT, now)
            await self._take(f"source:{strategy}", SOURCE_LIMIT, now)
            await self._take("total", TOTAL_LIMIT, now)

    async def _take(self, bucket: str, limit: Limit, now: datetime) -> None:
        wait = await self.throttle.take(f"webhook:{bucket}", limit.burst, limit.until_full, now)
        if wait is not None:
            raise TooMany(wait)
