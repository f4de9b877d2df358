"""What a settlement is reckoned from: the venue's own record, our own sums after five minutes, and what comes later."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from cbc_adapters.exchange.simulated.faults import Always, Call, DropBefore, Failure, FaultPlan, Nth
from cbc_domain.application.money.charging import Due, closed_at, judge, settlement_of
from cbc_domain.commissions.model import SettlementState
from cbc_domain.commissions.results import our_part
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import BRL, Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.kernel.venues import Side
from cbc_domain.ports.exchange import ClosedResult
from cbc_domain.trading.model import Leg
from cbc_domain.trading.positions import net
from cbc_domain.trading.settlement import Settlement
from tests.club import BTC, RATE, Club, open_club
from tests.rulebook import table

SILENT = Failure(DropBefore(), Always(), call=Call.RESULT)


async def opened(club: Club) -> None:
    await club.market()
    await club.alert("SINAL LONG FORTE")
    await club.work()


async def kept(club: Club, member: Member) -> Settlement | None:
    position = (await club.trade(member)).position.id
    async with club.store() as work:
        return next(iter(await work.trades.settlements([position])), None)


def commission_on(profit: Decimal) -> Money:
    return Money(int((profit * RATE * Decimal("0.1") * 100).quantize(Decimal(1), "ROUND_HALF_UP")), BRL)


async def test_the_venues_own_result_is_charged_and_not_marked() -> None:
    """rules: COM-05, COM-02"""
    club = await open_club()
    member = await club.join()
    await opened(club)
    club.venue.apply_funding(BTC, Decimal("0.0001"), club.clock.now())

    await club.price("62000")

    settled = await kept(club, member)
    assert settled is not None
    assert settled.profit is not None
    account = club.venue.accounts[(await club.account(member)).id]
    assert account.funding > 0
    assert settled.profit == account.cash - account.deposits
    assert (settled.computed, settled.commission) == (False, commission_on(settled.profit))


async def test_without_a_record_a_settlement_waits_five_minutes_and_is_then_computed_and_marked() -> None:
    """rules: COM-05, GEN-07"""
    club = await open_club(faults=FaultPlan([SILENT]))
    member = await club.join()
    await opened(club)
    await club.price("62000")
    assert await kept(club, member) is None
    closed = (await club.trade(member)).position.closed_at
    assert closed is not None

    club.clock.advance(to=closed + timedelta(minutes=5) - timedelta(microseconds=1))
    assert await club.platform.settle_trades()() == 0
    club.clock.advance(to=closed + timedelta(minutes=5))
    assert await club.platform.settle_trades()() == 1

    settled = await kept(club, member)
    assert settled is not None
    assert (settled.profit, settled.computed) == (net((await club.trade(member)).position), True)
    assert settled.state is SettlementState.SETTLED


async def test_a_record_that_comes_within_five_minutes_is_taken() -> None:
    """rules: COM-05"""
    club = await open_club(faults=FaultPlan([Failure(DropBefore(), Nth(frozenset({1})), call=Call.RESULT)]))
    member = await club.join()
    await opened(club)
    await club.price("62000")
    assert await kept(club, member) is None

    club.clock.advance(by=timedelta(minutes=1))
    assert await club.platform.settle_trades()() == 1

    settled = await kept(club, member)
    assert settled is not None
    assert not settled.computed


async def test_a_venue_that_breaks_down_in_an_unforeseen_way_is_heard_of() -> None:
    """rules: GEN-14, COM-05"""
    club = await open_club()
    member = await club.join()
    await opened(club)
    del club.venue.accounts[(await club.account(member)).id].closings
    club.clock.advance(by=timedelta(minutes=1))

    with pytest.raises(AttributeError):
        await club.price("62000")


async def test_of_a_result_that_the_member_shares_only_our_quantity_is_charged() -> None:
    """rules: COM-06, COM-05"""
    club = await open_club()
    member = await club.join(equity="5000")
    await opened(club)
    ours = (await club.trade(member)).position.quantity
    await club.by_hand(member, Side.LONG, Leg.ENTRY, str(ours))

    await club.price("62000")

    settled = await kept(club, member)
    account = club.venue.accounts[(await club.account(member)).id]
    assert settled is not None
    assert settled.profit is not None
    whole = account.cash - account.deposits
    assert abs(settled.profit - whole / 2) <= Decimal("0.00000001")
    assert settled.commission == commission_on(settled.profit)


@pytest.mark.parametrize(
    ("ours", "closed", "brought", "part"),
    [
        ("1", "1", "10.123456785", "10.12345679"),
        ("1", "3", "10", "3.33333333"),
        ("1", "3", "-10", "-3.33333333"),
        ("2", "1", "10", None),
        ("0", "1", "10", None),
    ],
)
def test_our_part_is_pro_rata_of_the_closed_quantity(ours: str, closed: str, brought: str, part: str | None) -> None:
    """rules: COM-05, COM-06, GEN-03"""
    found = our_part(Decimal(ours), Decimal(closed), Decimal(brought))

    assert found == (None if part is None else Decimal(part))


@pytest.mark.parametrize(("off", "listed"), [("0.01", False), ("0.01000001", True), ("-0.01000001", True), ("-0.01", False)])
async def test_another_result_is_listed_for_review_and_nothing_is_changed(off: str, *, listed: bool) -> None:
    """rules: COM-15"""
    club = await open_club()
    member = await club.join()
    await opened(club)
    await club.price("62000")
    settled = await kept(club, member)
    assert settled is not None
    assert settled.profit is not None
    (closing,) = club.venue.accounts[(await club.account(member)).id].closings
    later = ClosedResult(closing.quantity, closing.net + Decimal(off))
    club.exchange.reported = later

    found = [await club.platform.review_results()() for _ in range(2)]

    reviews = await club.platform.show_debts().reviews()
    assert found == [int(listed)] * 2
    assert [(one.position, one.charged, one.reported) for one in reviews] == (
        [(settled.position, settled.profit, settled.profit + Decimal(off))] if listed else []
    )
    assert await kept(club, member) == settled


async def test_results_are_compared_for_two_days() -> None:
    """rules: COM-15"""
    club = await open_club()
    member = await club.join()
    await opened(club)
    await club.price("62000")
    club.exchange.reported = ClosedResult((await club.trade(member)).position.sold, Decimal(1))

    club.clock.advance(by=timedelta(days=2, seconds=1))

    assert await club.platform.review_results()() == 0


@pytest.mark.parametrize("before", [SettlementState.UNSETTLED, SettlementState.PENDING_RATE])
@pytest.mark.parametrize("profit", ["0.009", "-1", "40"])
async def test_a_settlement_goes_only_where_the_book_lets_it(before: SettlementState, profit: str) -> None:
    """rules: COM-10"""
    club = await open_club()
    member = await club.join()
    await opened(club)
    await club.price("62000")
    position = attrs.evolve((await club.trade(member)).position, settlement=before)
    async with club.store() as work:
        holdings = {member.id: await work.books.holdings(member.id)}
        switches = await work.configuration.switches()
    rate = FxRate(RATE, "test", closed_at(position), closed_at(position))
    owed = Due(position, Decimal(profit), computed=False, rate=rate)

    outcome = judge(owed, holdings, switches, club.identities, club.clock.now())
    posted = {f"commission:{position.id}": JournalId(club.identities.new())}
    settled = settlement_of(owed, outcome, posted, club.clock.now())

    assert settled.state.value in table("state_machines")["settlement"]["transitions"][before.value]
    assert (settled.commission is None) is (profit != "40")
