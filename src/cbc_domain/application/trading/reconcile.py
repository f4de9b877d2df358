"""Ask the venue about every unfinished trade that has been quiet: the same code path as recovery after a crash (POS-10)."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import attrs

from cbc_domain.kernel.ids import PositionId, TaskId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.trading.planning import plan_protection

QUIET_FOR: Final = timedelta(seconds=30)
PAGE: Final = 500


@attrs.frozen
class Reconcile:
    """Harmless to repeat: a position has one such task waiting at a time."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self) -> int:
        """Put a look at the venue on the lane for each quiet, unfinished position; answer how many."""
        looked = 0
        after: PositionId | None = None
        while page := await self.store.run(partial(self._page, after)):
            after, looked = page[-1], looked + len(page)
        return looked

    async def _page(self, after: PositionId | None, work: UnitOfWork) -> Sequence[PositionId]:
        now = self.clock.now()
        page = await work.trades.unfinished(after, PAGE, now - QUIET_FOR)
        trades = await work.trades.trades(page, lock=False)
        await work.lane.add([plan_protection(trade.position, TaskId(self.identities.new()), now) for trade in trades])
        return page
