"""A member closes a position of his own, at any time, whatever else is in force (POS-05)."""

from functools import partial

import attrs

from cbc_domain.application.trading.close_positions import close_positions
from cbc_domain.kernel.errors import Conflict, NotFound
from cbc_domain.kernel.ids import MemberId, PositionId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Identities
from cbc_domain.trading.model import CloseReason


@attrs.frozen
class ClosePosition:
    """Raises NotFound for somebody else's, Conflict `state_conflict` for one that is closed; asking again changes nothing."""

    store: Store
    clock: Clock
    identities: Identities

    async def __call__(self, member: MemberId, position: PositionId) -> None:
        await self.store.run(partial(self._close, member, position))

    async def _close(self, member: MemberId, position: PositionId, work: UnitOfWork) -> None:
        trades = await work.trades.trades([position], lock=True)
        if not trades or trades[0].position.member != member:
            raise NotFound("not_found", "expected a position of yours")
        if trades[0].position.state.final:
            raise Conflict("state_conflict", f"expected an open position, was {trades[0].position.state}")
        await close_positions(work, [position], CloseReason.MANUAL, self.clock, self.identities)
