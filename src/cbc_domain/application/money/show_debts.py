"""What staff see of the books: how much has been owed for how long, and which results are to be reviewed (DBT-07, COM-15)."""

from collections.abc import Sequence
from typing import Final

import attrs

from cbc_domain.kernel.ids import DebtId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.ageing import Ageing, aged
from cbc_domain.ledger.model import Debt
from cbc_domain.ports.persistence.results import Review
from cbc_domain.ports.persistence.unit_of_work import Store
from cbc_domain.ports.system import Clock

PAGE: Final = 1000
MOST_REVIEWS: Final = 200


@attrs.frozen
class ShowDebts:
    store: Store
    clock: Clock

    async def ageing(self) -> Ageing:
        """All open debts of all members by age and currency, read a page at a time."""
        now, sums, after = self.clock.now(), Ageing(), None
        while page := await self._page(after):
            after = page[-1].id
            for place, amount in aged(page, now).items():
                sums[place] = sums.get(place, Money.zero(place[1])) + amount
        return sums

    async def _page(self, after: DebtId | None) -> Sequence[Debt]:
        async with self.store() as work:
            return await work.books.open_debts(after, PAGE)

    async def reviews(self) -> Sequence[Review]:
        """The newest positions whose venue reports another result than was charged."""
        async with self.store() as work:
            return await work.results.reviews(MOST_REVIEWS)
