"""Take due order work and carry it out: intent first, call second, outcome third, a batch at a time (design: two flows)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import attrs

from cbc_domain.application.trading.absorb import News, TradeKeeper
from cbc_domain.application.trading.finish_tasks import FinishTasks
from cbc_domain.application.trading.first_calls import FirstCalls, Halts
from cbc_domain.application.trading.protect_positions import Listings, Protection, ProtectPositions
from cbc_domain.kernel.ids import AccountId, PositionId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Clock, Together
from cbc_domain.risk.model import ExchangeAccount

BATCH: Final = 50
LEASE: Final = timedelta(seconds=30)
"""How long a task stays with a worker that is not heard of; a worker that is known to be dead loses it at once (PRI-06)."""

T = TypeVar("T")


@attrs.frozen
class Round:
    """What one dequeue took, and what was read with it."""

    claims: Sequence[Claim]
    accounts: Mapping[AccountId, ExchangeAccount]
    halts: Halts

    @property
    def reachable(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.task.account in self.accounts]


@attrs.frozen
class PlaceOrders:
    """Two rounds of calls for a batch: enter or leave, then protect; each between two short transactions.

    A worker that dies leaves intents; whoever takes its tasks next asks the venue first (ORD-04, PRI-06).
    """

    store: Store
    clock: Clock
    together: Together
    first_calls: FirstCalls
    protect: ProtectPositions
    keeper: TradeKeeper
    finish: FinishTasks

    async def __call__(self, most: int = BATCH, *, rehearsal_first: bool = False) -> int:
        """Work on at most `most` tasks and answer how many were taken.

        A call that fails in an unforeseen way keeps its task's lease, as if its worker had died, and holds up no other;
        the first such failure is raised once everything else is done.
        """
        taken = await self.store.run(partial(self._claim, most, rehearsal_first=rehearsal_first))
        if not taken.claims:
            return 0
        listings = await self.protect.listings(
            (claim.trade.position.venue, claim.trade.position.environment) for claim in taken.claims
        )
        news, lost = await self._first_round(taken)
        intended = await self.store.run(partial(self._keep_and_intend, taken, news, listings))
        protected, bare = await self._second_round(taken, intended)
        sound = [claim for claim in taken.claims if claim.task.position not in lost | bare.keys()]
        bad = {one.trade.position.id for one in intended if one.unprotectable}
        await self.store.run(partial(self.finish, sound, [*news, *protected], bad))
        for failure in (*lost.values(), *bare.values()):
            raise failure
        return len(taken.claims)

    async def _claim(self, most: int, work: UnitOfWork, *, rehearsal_first: bool) -> Round:
        claims = await work.lane.claim(self.clock.now(), LEASE, most, rehearsal_first=rehearsal_first)
        if not claims:
            return Round((), {}, Halts())
        accounts = await work.people.connected({claim.task.account for claim in claims})
        paused = await work.people.paused_among({claim.task.member for claim in claims})
        return Round(claims, accounts, Halts(await work.configuration.stops(), paused))

    async def _first_round(self, taken: Round) -> tuple[list[News], dict[PositionId, Exception]]:
        worked = taken.reachable
        answers = await self.together(
            self.first_calls(claim, taken.accounts[claim.task.account], taken.halts) for claim in worked
        )
        return _apart([claim.task.position for claim in worked], answers)

    async def _second_round(
        self, taken: Round, intended: Sequence[Protection]
    ) -> tuple[list[News], dict[PositionId, Exception]]:
        answers = await self.together(self.protect.call(one, taken.accounts[one.trade.position.account]) for one in intended)
        return _apart([one.trade.position.id for one in intended], answers)

    async def _keep_and_intend(
        self, taken: Round, news: Sequence[News], listings: Listings, work: UnitOfWork
    ) -> list[Protection]:
        held = await work.lane.held([claim.hold for claim in taken.claims])
        mine = {claim.task.position for claim in taken.claims if claim.hold in held}
        trades = await self.keeper.keep(work, [one for one in news if one.position in mine])
        return await self.protect.intend(work, trades.values(), listings)


def _apart(positions: Sequence[PositionId], answers: Sequence[T | Exception]) -> tuple[list[T], dict[PositionId, Exception]]:
    heard = [answer for answer in answers if not isinstance(answer, Exception)]
    failed = {one: answer for one, answer in zip(positions, answers, strict=True) if isinstance(answer, Exception)}
    return heard, failed
