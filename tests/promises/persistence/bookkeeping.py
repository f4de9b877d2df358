"""How the promises of the books are tried: post, read, and charge what there is."""

from datetime import datetime

from cbc_domain.kernel.ids import DebtId, MemberId, PositionId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, Journal, Posting
from cbc_domain.ledger.postings import commission
from cbc_domain.ledger.spending import Spent, spend
from cbc_domain.ports.persistence.unit_of_work import Store
from tests.promises.samples import NOW, Samples, committed


async def post(store: Store, *journals: Journal, at: datetime = NOW) -> list[Posting]:
    async with committed(store) as work:
        return list(await work.books.post(journals, at))


async def holdings(store: Store, member: MemberId) -> Holdings:
    async with store() as work:
        return await work.books.holdings(member)


def fee_of(
    samples: Samples,
    held: Holdings,
    fee: Money,
    share: tuple[MemberId, Money] | None = None,
    rate: str = "5.000000",
    at: datetime = NOW,
) -> Journal:
    """A commission charge that takes what there is, in either currency, and leaves the rest as debt."""
    spent = spend(fee, held, samples.rate(rate), at)
    assert isinstance(spent, Spent)
    position = PositionId(samples.ids.new())
    debt = Debt(DebtId(samples.ids.new()), held.member, spent.debt, spent.debt, "commission", str(position), at)
    company = fee - share[1] if share else fee
    return commission(position, held.member, spent, company, share, debt if spent.debt else None, at)
