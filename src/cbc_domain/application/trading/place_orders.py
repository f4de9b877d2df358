"""Take due order work and carry it out: intent first, call second, outcome third, in waves of what was answered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import attrs

from cbc_domain.application.trading.absorb import News, TradeKeeper
from cbc_domain.application.trading.enter_position import Halts
from cbc_domain.application.trading.finish_tasks import Ended, FinishTasks
from cbc_domain.application.trading.first_calls import FirstCalls
from cbc_domain.application.trading.needed_protection import Protection
from cbc_domain.application.trading.protect_positions import Listed, Listings, ProtectPositions
from cbc_domain.kernel.ids import AccountId, PositionId
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.persistence.work import Claim
from cbc_domain.ports.system import Calls, Clock, OpenCalls
from cbc_domain.risk.keys import TRUSTED_FOR
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import TaskAction

BATCH: Final = 50
LEASE: Final = timedelta(seconds=30)
"""How long a task stays with a worker that is not heard of; a worker that is known to be dead loses it at once (PRI-06)."""


@attrs.frozen
class Round:
    """What one dequeue took, and what was read with it."""

    claims: Sequence[Claim]
    accounts: Mapping[AccountId, ExchangeAccount]
    halts: Halts

    @property
    def reachable(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.task.account in self.accounts]

    @property
    def unreachable(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.task.account not in self.accounts]


@attrs.frozen
class Step:
    """Where a claim stands: at its first call, or with `last` at its protection, about which nothing more follows.

    `earlier` is what its first call told; `unprotectable` as the protection was judged with it (ORD-08).
    """

    claim: Claim
    last: bool = False
    earlier: tuple[News, ...] = ()
    unprotectable: bool = False


Heard = Sequence[tuple[Step, News]]
"""What has been answered since the last transaction, a claim at most once."""


@attrs.frozen
class Written:
    """What a wave led to: calls that may be made now that their intents are written, and how many tasks were ended."""

    intended: Sequence[tuple[Step, Protection]]
    ended: int


@attrs.frozen
class PlaceOrders:
    """A call for each claim: enter or leave; then one for each that needs protection. Each ends when its own are answered.

    What has been answered is written together, a wave in one transaction, and no claim waits for another's call. A worker
    that dies leaves intents; whoever takes its tasks next asks the venue first (ORD-04, PRI-06).
    """

    store: Store
    clock: Clock
    calls: OpenCalls[Step, News]
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
        async with self.calls() as calls:
            for claim in taken.reachable:
                calls.begin(Step(claim), self.first_calls(claim, taken.accounts[claim.task.account], taken.halts))
            failures = await self._waves(taken, calls)
        for failure in failures:
            raise failure
        return len(taken.claims)

    async def _claim(self, most: int, work: UnitOfWork, *, rehearsal_first: bool) -> Round:
        claims = await work.lane.claim(self.clock.now(), LEASE, most, rehearsal_first=rehearsal_first)
        if not claims:
            return Round((), {}, Halts())
        accounts = await work.people.connected({claim.task.account for claim in claims})
        paused = await work.people.paused_among({claim.task.member for claim in claims})
        opening = {claim.task.account for claim in claims if claim.task.action is TaskAction.OPEN}
        late = await work.keys.passed_before(opening, self.clock.now() - TRUSTED_FOR) if opening else ()
        return Round(claims, accounts, Halts(await work.configuration.stops(), paused, late))

    async def _waves(self, taken: Round, calls: Calls[Step, News]) -> list[Exception]:
        listings = await self.protect.listings(_listed(taken.claims))
        failures = list[Exception]()
        heard: Heard = [(Step(claim, last=True), News(claim.task.position)) for claim in taken.unreachable]
        while True:
            if heard:
                written = await self.store.run(partial(self._write, heard, listings))
                for step, protection in written.intended:
                    account = taken.accounts[step.claim.task.account]
                    calls.begin(step, self.protect.call(protection, account, first=step.claim.first))
            came = await calls.some()
            if not came:
                return failures
            failures += [answer for _, answer in came if isinstance(answer, Exception)]
            heard = [(step, answer) for step, answer in came if not isinstance(answer, Exception)]

    async def _write(self, heard: Heard, listings: Listings, work: UnitOfWork) -> Written:
        """Keep what was heard, intend protection after a first call, and end whatever needs no more calls.

        What is said of tasks that another worker has by now is not heard: that one asks the venue itself (PRI-06).
        """
        held = await work.lane.held([step.claim.hold for step, _ in heard])
        mine = [(step, news) for step, news in heard if step.claim.hold in held]
        trades = await self.keeper.keep(work, [news for _, news in mine])
        first = [trades[news.position] for step, news in mine if not step.last and news.position in trades]
        needs = {one.trade.position.id: one for one in await self.protect.intend(work, first, listings)}
        after = [_after(step, news, needs.get(news.position)) for step, news in mine]
        ended = [Ended(step.claim, step.earlier, step.unprotectable) for step in after if step.last]
        await self.finish(ended, trades, work)
        return Written([(attrs.evolve(step, last=True), needs[_position(step)]) for step in after if not step.last], len(ended))


def _after(step: Step, news: News, protection: Protection | None) -> Step:
    """The step with what it was told; not the last one when there is something to be called."""
    more = protection is not None and protection.calls
    unprotectable = step.unprotectable or (protection is not None and protection.unprotectable)
    return Step(step.claim, step.last or not more, (*step.earlier, news), unprotectable)


def _position(step: Step) -> PositionId:
    return step.claim.task.position


def _listed(claims: Iterable[Claim]) -> Iterable[Listed]:
    positions = (claim.trade.position for claim in claims)
    return ((position.venue, position.environment, position.symbol) for position in positions)
