"""Prove the books and count what must never be there, on a schedule and on demand (LED-20, POS-11)."""

from datetime import timedelta
from typing import Final

import attrs

from cbc_domain.ledger.findings import KeptProof, Proof
from cbc_domain.ledger.proof import night_proof_due
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock
from cbc_domain.trading.model import PositionState

SEALS_AT_ONCE: Final = 5000
PROTECTED_WITHIN: Final = timedelta(seconds=5)
"""POS-11."""
PAGE: Final = 1000


@attrs.frozen
class Health:
    """`unprotected` counts positions that hold something and have had no stop and target for more than 5 s.

    `good_before` is the newest proof that had held before this one; None when there was none.
    """

    proof: Proof
    unprotected: int
    good_before: KeptProof | None = None

    @property
    def holds(self) -> bool:
        return self.proof.holds and not self.unprotected


@attrs.frozen
class CheckInvariants:
    """Seal what is not sealed yet, prove the books, and remember the result (LED-20, LED-21).

    `whole` proves everything; False what came after the last good proof, and everything when that is due at night.
    """

    store: Store
    clock: Clock

    async def __call__(self, *, whole: bool = True) -> Health:
        while await self._seal():
            pass
        proof, good = await self._prove(whole)
        return Health(proof, await self._unprotected(), good)

    async def _prove(self, whole: bool) -> tuple[Proof, KeptProof | None]:
        now = self.clock.now()
        async with self.store() as work:
            last_whole = await work.books.kept_proof(whole=True)
            everything = whole or night_proof_due(last_whole.at if last_whole else None, now)
            proof = await (work.books.prove() if everything else work.books.prove_since_last())
            good = await work.books.kept_proof(held=True)
            await work.books.keep_proof(proof, now)
            await work.commit()
        return proof, good

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
