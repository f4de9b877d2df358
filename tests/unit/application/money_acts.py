"""What stories of money do and look at: trades with a profit, what somebody holds, how a position was settled."""

from decimal import Decimal

from cbc_domain.application.money.reverse_commission import Request
from cbc_domain.identity.model import Member
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import DebtId, PositionId
from cbc_domain.kernel.money import Money
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Debt, Posting
from cbc_domain.trading.settlement import Settlement
from tests.club import Club
from tests.strategies.ledger import brl

WHY = "the price feed was wrong"


async def traded(club: Club, price: str = "62000") -> None:
    """Everybody buys at 60,000 and is closed at a price."""
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price(price)


async def position_of(club: Club, member: Member) -> PositionId:
    return (await club.trade(member)).position.id


async def settlement_of(club: Club, member: Member) -> Settlement:
    position = await position_of(club, member)
    async with club.store() as work:
        (settlement,) = await work.trades.settlements([position])
    return settlement


async def held(club: Club, member: Member) -> Holdings:
    async with club.store() as work:
        return await work.books.holdings(member.id)


async def names(club: Club, subject: Member | PositionId | DebtId) -> list[EventName]:
    events = await club.events(subject.id if isinstance(subject, Member) else subject)
    return [event.name for event in events]


async def reverse(club: Club, member: Member, revision: int = 0, corrected: Decimal | None = None) -> Posting:
    asked = Request(await position_of(club, member), "admin-1", WHY, revision, corrected)
    return await club.platform.reverse_commission()(asked)


async def proven(club: Club) -> bool:
    return (await club.platform.check_invariants()()).holds


async def indebted(club: Club, real: Money = brl("100.00")) -> tuple[Member, Debt]:
    """A member who won more than his balance pays for."""
    member = await club.join(real=real, equity="40000")
    await traded(club)
    (debt,) = (await held(club, member)).debts
    return member, debt
