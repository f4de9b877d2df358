"""How somebody comes to owe something without a trade."""

from cbc_domain.kernel.ids import DebtId, PositionId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.model import Debt
from cbc_domain.ledger.postings import COMMISSION_DEBT, commission
from cbc_domain.ledger.spending import Spent
from tests.e2e.house import House, SignedIn


async def owe(house: House, who: SignedIn, amount: Money) -> DebtId:
    """A commission that found nothing to take."""
    now, new = house.clock.now(), house.platform.identities().new
    position, member = PositionId(new()), who.member.id
    debt = Debt(DebtId(new()), member, amount, amount, COMMISSION_DEBT, str(position), now)
    charge = commission(position, member, Spent(amount, (), (), None, amount), amount, None, debt, now)
    async with house.store() as work:
        await work.books.post([charge], now)
        await work.commit()
    return debt.id
