"""A commission taken back or charged anew: once, with a reason, told to everybody."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cbc_domain.application.money.reverse_commission import Request
from cbc_domain.commissions.model import SettlementState
from cbc_domain.identity.model import AffiliateTier
from cbc_domain.kernel.errors import Conflict, NotFound
from cbc_domain.kernel.events import EventName
from cbc_domain.kernel.ids import PositionId
from cbc_domain.kernel.money import BRL, USD
from cbc_domain.ledger.model import AccountKind
from tests.club import RATE, open_club
from tests.strategies.ledger import brl, usd
from tests.unit.application.money_acts import WHY, held, indebted, names, position_of, proven, reverse, settlement_of, traded


async def test_a_reversal_gives_back_everything_and_is_told() -> None:
    """rules: COM-14, LED-F19, COM-10, LED-05, ARC-07"""
    club = await open_club()
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.VIP)
    member = await club.join(referred_by=affiliate.id)
    await traded(club)
    charged = await settlement_of(club, member)

    posting = await reverse(club, member)

    assert (await held(club, member)).real_in(BRL) == brl("500.00")
    assert (await held(club, affiliate)).commission_in(BRL) == brl("0.00")
    settled = await settlement_of(club, member)
    assert (settled.state, settled.commission, settled.paid) == (SettlementState.REVERSED, charged.commission, None)
    assert (await club.trade(member)).position.settlement is SettlementState.REVERSED
    assert posting.journal.reverses == charged.journal
    assert (posting.journal.actor, posting.journal.references["reason"]) == ("admin-1", WHY)
    assert EventName.COMMISSION_REVERSED in await names(club, await position_of(club, member))
    assert await proven(club)


async def test_a_reversal_asked_for_again_is_the_first_one() -> None:
    """rules: COM-14, LED-05, LED-06"""
    club = await open_club()
    member = await club.join()
    await traded(club)

    first, second = await reverse(club, member), await reverse(club, member)

    assert (second.id, first.replay, second.replay) == (first.id, False, True)
    assert (await held(club, member)).real_in(BRL) == brl("500.00")
    assert (await names(club, await position_of(club, member))).count(EventName.COMMISSION_REVERSED) == 1


async def test_a_reversed_trade_is_not_charged_again() -> None:
    """rules: COM-07, COM-10, COM-14"""
    club = await open_club()
    member = await club.join()
    await traded(club)
    await reverse(club, member)

    club.clock.advance(by=timedelta(hours=1))

    assert await club.platform.settle_trades()() == 0
    assert (await held(club, member)).real_in(BRL) == brl("500.00")


async def test_a_debt_that_was_paid_meanwhile_comes_back_as_real() -> None:
    """rules: COM-14, DBT-03"""
    club = await open_club()
    member, _ = await indebted(club)
    await club.platform.record_recharge()(member.id, brl("2000.00"), "pi-later")

    await reverse(club, member)

    has = await held(club, member)
    assert (has.real_in(BRL), has.debts) == (brl("2100.00"), ())
    assert await proven(club)


async def test_a_debt_that_still_stands_is_gone_and_the_block_with_it() -> None:
    """rules: COM-14, DBT-05"""
    club = await open_club()
    member, _ = await indebted(club)

    await reverse(club, member)

    has = await held(club, member)
    assert (has.real_in(BRL), has.debts) == (brl("100.00"), ())
    assert EventName.DEBT_SETTLED in await names(club, member)
    assert await proven(club)


async def test_a_debt_that_was_forgiven_is_not_paid_out_by_a_reversal() -> None:
    """rules: COM-14, DBT-06"""
    club = await open_club()
    member, debt = await indebted(club)
    await club.platform.forgive_debt()(debt.id, None, "r-1", "admin-1", WHY)

    posting = await reverse(club, member)

    has = await held(club, member)
    assert (has.real_in(BRL), has.debts) == (brl("100.00"), ())
    written_off = [entry.amount for entry in posting.journal.entries if entry.account.kind is AccountKind.BAD_DEBT]
    assert written_off == [debt.amount]
    assert await proven(club)


async def test_a_half_paid_and_half_forgiven_debt_comes_back_in_its_parts() -> None:
    """rules: COM-14, DBT-06"""
    club = await open_club()
    member, debt = await indebted(club)
    await club.platform.record_recharge()(member.id, brl("10.00"), "pi-some")
    await club.platform.forgive_debt()(debt.id, brl("20.00"), "r-1", "admin-1", WHY)

    posting = await reverse(club, member)

    back = {entry.account.kind: entry.amount for entry in posting.journal.entries}
    assert back[AccountKind.BAD_DEBT] == brl("20.00")
    assert back[AccountKind.MEMBER_DEBT] == debt.amount - brl("30.00")
    assert (await held(club, member)).real_in(BRL) == brl("110.00")
    assert await proven(club)


async def test_credit_that_lapsed_meanwhile_lives_seven_days_more_and_lapses_again() -> None:
    """rules: COM-14, BAL-04, LED-F08"""
    club = await open_club()
    member = await club.join()
    await club.platform.grant_credit()(member.id, brl("1000.00"), "r1", "staff", "a welcome")
    await traded(club)
    charged = (await settlement_of(club, member)).commission
    assert charged is not None
    club.clock.advance(by=timedelta(days=30))
    assert await club.platform.expire_credit()() == 1

    await reverse(club, member)
    club.clock.advance(by=timedelta(days=7) - timedelta(microseconds=1))
    assert (await held(club, member)).operating(BRL, club.clock.now()) == brl("500.00") + charged
    assert await club.platform.expire_credit()() == 0
    club.clock.advance(by=timedelta(microseconds=1))

    assert await club.platform.expire_credit()() == 1
    assert (await held(club, member)).lots == ()
    assert await proven(club)


async def test_a_commission_that_crossed_currencies_goes_back_to_both() -> None:
    """rules: COM-14, BAL-11, FX-05"""
    club = await open_club()
    member = await club.join(real=brl("100.00"), equity="40000")
    await club.platform.record_recharge()(member.id, usd("300.00"), "pi-usd")
    await traded(club)
    spent = await held(club, member)

    posting = await reverse(club, member)

    has, crossed = await held(club, member), posting.journal.conversion
    assert (spent.real_in(BRL), spent.debts) == (brl("0.00"), ())
    assert (has.real_in(BRL), has.real_in(USD)) == (brl("100.00"), usd("300.00"))
    assert crossed is not None
    assert (crossed.covered, crossed.rate.brl_per_usd) == (usd("300.00") - spent.real_in(USD), RATE)
    assert await proven(club)


async def test_a_share_that_was_spent_becomes_a_claim_and_the_next_share_repays_it() -> None:
    """rules: COM-14, LED-F12, LED-F13"""
    club = await open_club()
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.VIP)
    member = await club.join(referred_by=affiliate.id)
    await traded(club)
    share = (await held(club, affiliate)).commission_in(BRL)
    await club.platform.convert_commission()(affiliate.id, share, "k-1")

    await reverse(club, member)
    owing = await held(club, affiliate)
    club.clock.advance(by=timedelta(hours=3))
    await traded(club, "64000")

    has, later = await held(club, affiliate), (await settlement_of(club, member)).affiliate
    assert (owing.clawback_in(BRL), owing.commission_in(BRL)) == (share, brl("0.00"))
    assert later is not None
    assert later > brl("0.00")
    assert has.clawback_in(BRL) == share - min(share, later)
    assert has.commission_in(BRL) == later - min(share, later)
    assert await proven(club)


async def test_a_correction_is_a_reversal_and_a_new_charge_with_a_key_of_its_own() -> None:
    """rules: COM-14, COM-07"""
    club = await open_club()
    affiliate = await club.join(wishes={"auto_trade_enabled": False}, tier=AffiliateTier.NORMAL)
    member = await club.join(referred_by=affiliate.id)
    await traded(club)

    await reverse(club, member, corrected=Decimal(20))
    again = await reverse(club, member, corrected=Decimal(20))

    settled, position = await settlement_of(club, member), await position_of(club, member)
    assert again.replay
    assert (settled.state, settled.commission, settled.profit) == (SettlementState.SETTLED, brl("10.50"), Decimal(20))
    assert (await held(club, member)).real_in(BRL) == brl("489.50")
    assert (await held(club, affiliate)).commission_in(BRL) == brl("0.16")
    async with club.store() as work:
        charged = await work.books.posting(f"commission:{position}:r1")
    assert charged is not None
    assert charged.id == settled.journal
    await reverse(club, member, revision=1)
    assert (await held(club, member)).real_in(BRL) == brl("500.00")
    assert (await settlement_of(club, member)).state is SettlementState.REVERSED
    assert await proven(club)


async def test_a_correction_to_a_loss_charges_nothing() -> None:
    """rules: COM-14, COM-01"""
    club = await open_club()
    member = await club.join()
    await traded(club)

    await reverse(club, member, corrected=Decimal(-3))

    assert (await settlement_of(club, member)).state is SettlementState.REVERSED
    assert (await held(club, member)).real_in(BRL) == brl("500.00")


async def test_what_was_never_charged_cannot_be_reversed() -> None:
    """rules: COM-14, COM-10"""
    club = await open_club()
    member = await club.join()
    await traded(club, "58000")
    reversing = club.platform.reverse_commission()

    with pytest.raises(Conflict) as refused:
        await reverse(club, member)
    with pytest.raises(NotFound):
        await reversing(Request(PositionId(club.identities.new()), "admin-1", WHY))

    assert refused.value.code == "state_conflict"
