"""Ask venues what closed positions brought, before they are charged and again afterwards (COM-05, COM-15)."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

import attrs

from cbc_domain.application.money.charging import closed_at
from cbc_domain.commissions.model import REVIEWED_ABOVE
from cbc_domain.commissions.results import our_part
from cbc_domain.kernel.ids import AccountId, PositionId
from cbc_domain.ports.exchange import Exchange
from cbc_domain.ports.persistence.results import Review
from cbc_domain.ports.persistence.unit_of_work import Store, UnitOfWork
from cbc_domain.ports.system import Clock, Together
from cbc_domain.ports.venue_faults import OutcomeUnknown, VenueRefused
from cbc_domain.risk.model import ExchangeAccount
from cbc_domain.trading.model import Position

BATCH: Final = 1000
REVIEWED_FOR: Final = timedelta(days=2)
"""How long after its close a position is compared once more."""

Told = tuple[Position, Decimal]


@attrs.frozen
class AskVenues:
    """Asks all at once; a venue that cannot or will not answer is as one without a record."""

    exchange: Exchange
    together: Together

    async def __call__(self, positions: Sequence[Position], accounts: dict[AccountId, ExchangeAccount]) -> list[Told]:
        asked = [position for position in positions if position.account in accounts]
        answers = await self.together(self._ask(position, accounts[position.account]) for position in asked)
        for answer in answers:
            if isinstance(answer, Exception) and not isinstance(answer, VenueRefused | OutcomeUnknown):
                raise answer
        return [(one, answer) for one, answer in zip(asked, answers, strict=True) if isinstance(answer, Decimal)]

    async def _ask(self, position: Position, account: ExchangeAccount) -> Decimal | None:
        since, until = position.opened_at or position.created_at, closed_at(position)
        told = await self.exchange.closed_result(account, position.symbol, position.side, since, until)
        return None if told is None else our_part(position.sold, told.quantity, told.net)


@attrs.frozen
class RecordResults:
    """Keep the venues' own results of what waits for settlement; what is not told is asked for again until it is charged."""

    store: Store
    clock: Clock
    ask: AskVenues

    async def __call__(self) -> int:
        """Answer how many results were recorded."""
        async with self.store() as work:
            positions = await _positions(work, await work.results.missing(self.clock.now(), BATCH))
            accounts = dict(await work.people.connected({position.account for position in positions}))
        told = await self.ask(positions, accounts) if positions else []
        if told:
            async with self.store() as work:
                await work.results.record({position.id: result for position, result in told}, self.clock.now())
                await work.commit()
        return len(told)


@attrs.frozen
class ReviewResults:
    """List charged positions whose venue now reports another result; nothing is changed by itself (COM-15)."""

    store: Store
    clock: Clock
    ask: AskVenues

    async def __call__(self) -> int:
        """Answer how many positions differ."""
        found, after = 0, None
        while page := await self._page(after):
            after = page[-1]
            found += await self._compare(page)
        return found

    async def _page(self, after: PositionId | None) -> Sequence[PositionId]:
        async with self.store() as work:
            return await work.results.charged_since(self.clock.now() - REVIEWED_FOR, after, BATCH)

    async def _compare(self, page: Sequence[PositionId]) -> int:
        async with self.store() as work:
            positions = await _positions(work, page)
            charged = {one.position: one.profit for one in await work.trades.settlements(page)}
            accounts = dict(await work.people.connected({position.account for position in positions}))
        now, reviews = self.clock.now(), list[Review]()
        for position, reported in await self.ask(positions, accounts):
            profit = charged[position.id]
            if profit is not None and abs(reported - profit) > REVIEWED_ABOVE:
                reviews.append(Review(position.id, profit, reported, now))
        async with self.store() as work:
            await work.results.list_for_review(reviews)
            await work.commit()
        return len(reviews)


async def _positions(work: UnitOfWork, ids: Sequence[PositionId]) -> list[Position]:
    return [trade.position for trade in await work.trades.trades(ids, lock=False)]
