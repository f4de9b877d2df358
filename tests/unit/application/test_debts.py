"""What somebody owes: what it blocks, how it ends, and how staff forgive it."""

from datetime import timedelta

import pytest

from cbc_domain.application.money.reverse_commission import Request
from cbc_domain.commissions.model import SettlementState
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.errors import Conflict, DomainError, Invalid, NotFound
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import DebtId
from cbc_domain.kernel.money import BRL
from cbc_domain.kernel.venues import Symbol
from cbc_domain.plans.model import PlanCode
from tests.club import open_club
from tests.strategies.ledger import brl
from tests.unit.application.money_acts import WHY, held, indebted, names, position_of, proven, settlement_of, traded

ETH = Symbol("ETHUSDT")


@pytest.mark.parametrize(
    ("reason", "accepted"), [("", False), ("123456789", False), ("  12345678  ", False), ("1234567890", True)]
)
async def test_staff_name_a_reason_of_ten_characters(reason: str, *, accepted: bool) -> None:
    """rules: ROL-07, COM-14, DBT-06"""
    club = await open_club()
    member, debt = await indebted(club)
    asked = Request(await position_of(club, member), "admin-1", reason)
    codes = []

    forgiving = club.platform.forgive_debt()(debt.id, None, "r-1", "admin-1", reason)
    for act in (forgiving, club.platform.reverse_commission()(asked)):
        try:
            await act
        except DomainError as fault:
            codes.append(fault.code)

    assert codes == ([] if accepted else ["reason_required"] * 2)


async def test_a_forgiven_debt_ends_the_block_and_the_affiliate_keeps_his_share() -> None:
    """rules: DBT-06, DBT-05, COM-08, LED-F11"""
    club = await open_club()
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.NORMAL)
    member = await club.join(real=brl("100.00"), equity="40000", referred_by=affiliate.id)
    await traded(club)
    (debt,) = (await held(club, member)).debts
    share = (await held(club, affiliate)).commission_in(BRL)

    posting = await club.platform.forgive_debt()(debt.id, None, "r-1", "admin-1", WHY)

    assert posting.journal.key == "debt_forgive:r-1"
    assert (posting.journal.actor, posting.journal.references["reason"]) == ("admin-1", WHY)
    assert (await held(club, member)).debts == ()
    assert (await held(club, affiliate)).commission_in(BRL) == share
    assert await names(club, debt.id) == [EventName.DEBT_FORGIVEN]
    assert EventName.DEBT_SETTLED in await names(club, member)
    assert await proven(club)


async def test_a_debt_is_forgiven_once_per_request_and_never_more_than_is_left() -> None:
    """rules: DBT-06, LED-06, MON-06"""
    club = await open_club()
    _, debt = await indebted(club)
    forgive = club.platform.forgive_debt()

    first = await forgive(debt.id, brl("10.00"), "r-1", "admin-1", WHY)
    again = await forgive(debt.id, brl("10.00"), "r-1", "admin-1", WHY)
    for amount, code in ((debt.amount, "amount_out_of_range"), (brl("0.00"), "amount_not_positive")):
        with pytest.raises(Invalid) as refused:
            await forgive(debt.id, amount, "r-2", "admin-1", WHY)
        assert refused.value.code == code
    await forgive(debt.id, None, "r-3", "admin-1", WHY)
    with pytest.raises(Conflict):
        await forgive(debt.id, None, "r-4", "admin-1", WHY)
    with pytest.raises(NotFound):
        await forgive(DebtId(club.identities.new()), None, "r-5", "admin-1", WHY)

    assert (again.id, again.replay) == (first.id, True)
    assert await names(club, debt.id) == [EventName.DEBT_FORGIVEN] * 2
    assert await proven(club)


async def test_a_debt_bears_no_interest() -> None:
    """rules: DBT-06"""
    club = await open_club()
    member, debt = await indebted(club)

    club.clock.advance(by=timedelta(days=400))
    await club.platform.settle_trades()()
    await club.platform.expire_credit()()

    assert (await held(club, member)).debts == (debt,)


async def test_the_last_cent_of_debt_ends_the_block_at_once_and_the_member_is_told() -> None:
    """rules: DBT-02, DBT-05, DBT-03"""
    club = await open_club()
    member, debt = await indebted(club)
    recharge = club.platform.record_recharge()
    await recharge(member.id, debt.remaining - brl("0.01"), "pi-a")
    assert EventName.DEBT_SETTLED not in await names(club, member)

    await recharge(member.id, brl("200.01"), "pi-b")
    await recharge(member.id, brl("200.01"), "pi-b")

    assert (await names(club, member)).count(EventName.DEBT_SETTLED) == 1
    assert (await held(club, member)).debts == ()
    club.clock.advance(by=timedelta(minutes=121))
    await club.market()
    receipt = await club.alert("SINAL LONG FORTE")
    await club.work()
    assert await club.reasons(member, receipt) == []


async def test_with_a_debt_open_positions_are_protected_closed_and_charged_as_usual() -> None:
    """rules: DBT-02"""
    club = await open_club()
    member = await club.join(plan=PlanCode.PRO_BR, real=brl("100.00"), equity="40000")
    await club.market()
    await club.alert("SINAL LONG FORTE", symbol=ETH)
    await club.alert("SINAL LONG FORTE")
    await club.work()
    await club.price("62000")
    assert (await held(club, member)).debts
    before = await held(club, member)

    await club.price("110", ETH)

    trades = await club.trades(member)
    assert {trade.position.settlement for trade in trades} == {SettlementState.SETTLED}
    assert len((await held(club, member)).debts) == len(before.debts) + 1
    assert await proven(club)


async def test_each_debt_says_what_it_came_from() -> None:
    """rules: DBT-01"""
    club = await open_club()
    member, debt = await indebted(club)

    assert (debt.cause, debt.origin) == ("commission", str(await position_of(club, member)))
    assert debt.amount == debt.remaining
    assert debt.created_at == (await settlement_of(club, member)).at
