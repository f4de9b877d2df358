"""Prove the books and count what must never be there, on a schedule and on demand (LED-20, POS-11)."""

from datetime import timedelta
from typing import Final

import attrs

from cbc_domain.ledger.findings import Proof
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock
from cbc_domain.trading.model import PositionState

SEALS_AT_ONCE: Final = 5000
PROTECTED_WITHIN: Final = timedelta(seconds=5)
"""POS-11."""
PAGE: Final = 1000


@attrs.frozen
class Health:
    """`unprotected` counts positions that hold something and have had no stop and target for more than 5 s."""

    proof: Proof
    unprotected: int

    @property
    def holds(self) -> bool:
        return self.proof.holds and not self.unprotected


@attrs.frozen
class CheckInvariants:
    """Seal what is not sealed yet, then prove everything."""

    store: Store
    clock: Clock

    async def __call__(self) -> Health:
        while await self._seal():
            pass
        async with self.store() as work:
            proof = await work.books.prove()
        return Health(proof, await self._unprotected())

    async def _seal(self) -> int:
        async with self.store() as work:
            sealed = await work.books.seal(SEALS_AT_ONCE)
            await work.commit()
        return sealed

    async def _unprotected(self) -> int:
        found, after, limit = 0, None, self.clock.now() - PROTECTED_WITHIN
        async with self.store() as work:
            while page := await work.trades.unfinished(after, PAGE, self.clock.now()):
                after = page[-1]
                for trade in await work.trades.trades(page, lock=False):
                    position = trade.position
                    bare = position.state is PositionState.OPENING and position.quantity > 0
                    found += bare and position.opened_at is not None and position.opened_at < limit
        return found
