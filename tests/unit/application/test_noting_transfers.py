"""What was moved into accounts is asked of the venues by the clock, and counts as no gain and no loss."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_adapters.exchange.simulated.faults import Always, Call, Failure, FaultPlan, Harm, Refuse
from cbc_domain.application.trading.note_transfers import AT_ONCE
from cbc_domain.identity.model import Member
from cbc_domain.kernel.ids import AccountId
from cbc_domain.kernel.venues import Environment, Symbol
from cbc_domain.ports.venue_faults import Fault
from cbc_domain.trading.model import Leg
from tests.club import Club, open_club

ETH = Symbol("ETHUSDT")
SOL = Symbol("SOLUSDT")
AVAX = Symbol("AVAXUSDT")


@pytest.fixture
async def club() -> Club:
    """One member with 1,000 USDT, measured once."""
    club = await open_club()
    await club.join()
    await club.market()
    assert await planned(club, SOL) == []
    return club


async def planned(club: Club, symbol: Symbol) -> list[str]:
    """Why a signal of a coin is not traded for the first member; nothing is ever sent."""
    club.clock.advance(by=timedelta(minutes=1))
    club.venue.set_price(symbol, Decimal(100), club.clock.now() - timedelta(seconds=10))
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE", symbol)
    await club.jobs()
    return list(await club.reasons(club.members[0], receipt))


async def moved(club: Club, member: Member, amount: int) -> None:
    club.clock.advance(by=timedelta(seconds=1))
    club.venue.deposit((await club.account(member)).id, Decimal(amount), club.clock.now())


async def lost(club: Club, member: Member, usdt: int) -> None:
    club.venue.accounts[(await club.account(member)).id].realised -= usdt


async def peak_of(club: Club, member: Member) -> Decimal | None:
    async with club.store() as work:
        (candidate,) = await work.planning.candidates([member.id], None, club.clock.now(), lock=False)
    [base] = [one.base for one in candidate.activities if one.environment is Environment.LIVE]
    return base.peak if base else None


async def test_a_deposit_that_was_noted_hides_no_loss(club: Club) -> None:
    """rules: RSK-01, RSK-03"""
    (member,) = club.members
    await lost(club, member, 95)
    await moved(club, member, 200)
    assert await club.platform.note_transfers()() == 1

    assert await planned(club, ETH) == []
    await lost(club, member, 25)

    assert "daily_loss_limit" in await planned(club, AVAX)


async def test_a_withdrawal_that_nobody_noted_yet_is_found_out_before_a_limit_fires(club: Club) -> None:
    """rules: RSK-01, RSK-03"""
    (member,) = club.members
    await moved(club, member, -300)

    assert await planned(club, ETH) == []
    assert await peak_of(club, member) == Decimal(700)


async def test_a_deposit_that_nobody_noted_yet_makes_no_peak(club: Club) -> None:
    """rules: RSK-01, RSK-03"""
    (member,) = club.members
    await lost(club, member, 90)
    await moved(club, member, 500)

    assert await planned(club, ETH) == []
    assert await peak_of(club, member) == Decimal(1500)


async def test_venues_are_asked_every_ten_minutes_and_not_more_often(club: Club) -> None:
    """rules: RSK-03"""
    (member,) = club.members
    note = club.platform.note_transfers()
    await note()
    await moved(club, member, 5)

    soon = await note()
    club.clock.advance(by=timedelta(minutes=10))
    later = await note()
    club.clock.advance(by=timedelta(minutes=10))

    assert (soon, later, await note()) == (0, 1, 0)


async def test_a_question_without_an_answer_loses_nothing(club: Club) -> None:
    """rules: RSK-03"""
    (member,) = club.members
    note = club.platform.note_transfers()
    await moved(club, member, 40)
    await note()
    club.exchange.suffer(Failure(Refuse(Fault.MAINTENANCE), Always(), Call.TRANSFERS))
    await moved(club, member, 50)
    for _ in range(3):
        club.clock.advance(by=timedelta(days=4))
        assert await note() == 0

    club.exchange.suffer()
    club.clock.advance(by=timedelta(minutes=11))

    assert await note() == 1
    account = await club.account(member)
    async with club.store() as work:
        known = await work.transfers.of(account.id)
    assert [transfer.amount for transfer in known] == [Decimal(40), Decimal(50)]


async def test_nobody_is_asked_about_accounts_that_were_never_measured(club: Club) -> None:
    """rules: RSK-03"""
    stranger = await club.join()
    await moved(club, stranger, 30)

    assert await club.platform.note_transfers()() == 0


async def test_what_the_venue_remembers_from_before_the_connection_is_not_asked_for(club: Club) -> None:
    """rules: RSK-03"""
    (member,) = club.members
    account = await club.account(member)
    club.venue.deposit(account.id, Decimal(70), account.created_at - timedelta(seconds=1))
    club.venue.deposit(account.id, Decimal(-70), club.clock.now())

    assert await club.platform.note_transfers()() == 1


class Questions(FaultPlan):
    """Harms nothing and counts what venues are asked about transfers; mutable for that."""

    asked = 0

    def harms(self, call: Call, account: AccountId, ordinal: int, leg: Leg | None = None) -> tuple[Harm, ...]:
        self.asked += call is Call.TRANSFERS
        return ()


async def test_where_everybodys_equity_looks_moved_only_some_venues_are_asked() -> None:
    """rules: RSK-03, EXC-08"""
    questions = Questions()
    club = await open_club(faults=questions)
    members = [await club.join() for _ in range(AT_ONCE + 5)]
    await club.market()
    await planned(club, SOL)
    for member in members:
        await lost(club, member, -100)

    await planned(club, ETH)

    assert questions.asked == AT_ONCE
