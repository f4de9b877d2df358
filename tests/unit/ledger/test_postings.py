"""The named flows post what the book's worked entries say, under the book's keys."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given

from cbc_domain.kernel.errors import Conflict, Invalid
from cbc_domain.kernel.ids import JournalId, PositionId
from cbc_domain.kernel.money import Money
from cbc_domain.kernel.rates import FxRate
from cbc_domain.ledger.holdings import Holdings
from cbc_domain.ledger.model import Conversion, Debt, Journal, LotStatus, Posting, UnbalancedJournal
from cbc_domain.ledger.postings import (
    clawback_repayment,
    commission,
    conversion,
    correction,
    coupon_credit,
    forgiveness,
    lot_expiry,
    manual_credit,
    new_lot,
    opening,
    recharge,
    recharge_bonus,
    subscription,
)
from cbc_domain.ledger.proof import subledger_fault
from cbc_domain.ledger.reversal import reversal
from cbc_domain.ledger.rules import used
from cbc_domain.ledger.spending import Spent, compensate, spend
from tests.rulebook import table
from tests.strategies.ledger import (
    AFFILIATE,
    MEMBER,
    NEW_DEBT,
    NEW_LOT,
    NOW,
    any_amounts,
    brl,
    debt_of,
    holdings,
    holdings_of,
    lot_of,
    rate_of,
    rates,
    usd,
)

EXAMPLES: Mapping[str, Any] = {example["id"]: example for example in table("ledger_examples")}
POSITION = PositionId(UUID(int=50))
RATE = rate_of("5.25")


def sides(journal: Journal) -> list[tuple[str, str, str, str]]:
    return sorted(
        (entry.account.kind, entry.account.currency.code, entry.direction, entry.amount.text) for entry in journal.entries
    )


def example_sides(name: str, currency: str | None = None) -> list[tuple[str, str, str, str]]:
    return sorted(
        (row["account"], row["currency"], row["side"], row["amount"])
        for row in EXAMPLES[name]["entries"]
        if currency in (None, row["currency"])
    )


def charged(held: Holdings, fee: Money, company: Money, share: Money | None, rate: FxRate = RATE) -> Journal:
    spent = spend(fee, held, rate, NOW)
    assert isinstance(spent, Spent)
    debt = Debt(NEW_DEBT, MEMBER, spent.debt, spent.debt, "commission", str(POSITION), NOW) if spent.debt else None
    return commission(POSITION, MEMBER, spent, company, (AFFILIATE, share) if share else None, debt, NOW)


def test_money_that_comes_in_is_booked_as_the_book_shows() -> None:
    """rules: LED-F01, LED-F02, LED-F04"""
    assert sides(recharge("pi_1", MEMBER, brl("1500.00"), NOW)) == example_sides("LEDX-001")
    assert sides(recharge_bonus("pi_1", new_lot(NEW_LOT, MEMBER, brl("150.00"), "test", NOW), NOW)) == example_sides("LEDX-002")
    assert sides(subscription("in_1", MEMBER, brl("297.00"), NOW)) == example_sides("LEDX-004")
    assert recharge("pi_1", MEMBER, brl("1500.00"), NOW).key == "recharge:pi_1"
    assert recharge_bonus("pi_1", new_lot(NEW_LOT, MEMBER, brl("150.00"), "test", NOW), NOW).key == "recharge_bonus:pi_1"
    assert subscription("in_1", MEMBER, brl("297.00"), NOW).key == "subscription:in_1"


def test_credits_are_booked_as_the_book_shows() -> None:
    """rules: LED-F07, LED-F08, LED-F13, BAL-04"""
    gift = coupon_credit("c1", new_lot(NEW_LOT, MEMBER, brl("200.00"), "c1", NOW), NOW)
    granted = manual_credit("rq1", new_lot(NEW_LOT, MEMBER, brl("200.00"), "rq1", NOW), NOW, "admin")
    turned = conversion(
        "k1", brl("100.00"), brl("10.00"), new_lot(NEW_LOT, AFFILIATE, brl("110.00"), "k1", NOW), NOW, str(AFFILIATE)
    )
    spent_lot = attrs.evolve(lot_of(9, brl("50.00"), NOW), remaining=brl("35.40"))
    lapsed = lot_expiry(spent_lot, NOW)

    assert sides(gift) == example_sides("LEDX-007")
    assert (gift.kind, gift.key) == ("coupon", f"coupon:c1:{MEMBER}")
    assert sides(granted) == example_sides("LEDX-007")
    assert granted.key == "manual_credit:rq1"
    assert sides(lapsed) == example_sides("LEDX-008")
    assert lapsed.key == f"credit_expiry:{spent_lot.id}"
    assert used(spent_lot, lapsed.lot_uses[0], lapsed.flow).status is LotStatus.EXPIRED
    assert sides(turned) == example_sides("LEDX-014")
    assert turned.key == "conversion:k1"
    assert turned.lots_opened[0].expires_at == NOW + timedelta(days=30)


def test_a_commission_is_booked_as_the_book_shows() -> None:
    """rules: LED-F09, BAL-10 (BAL-EX1)"""
    simple = charged(holdings_of(brl("100.00")), brl("52.50"), brl("51.71"), brl("0.79"))
    lots = (lot_of(1, brl("10.00")), lot_of(2, brl("25.00")), lot_of(3, usd("2.00")))
    whole = charged(holdings_of(brl("30.00"), usd("3.00"), lots=lots), brl("105.00"), brl("103.42"), brl("1.58"))

    assert sides(simple) == example_sides("LEDX-009")
    assert simple.key == f"commission:{POSITION}"
    assert sides(whole) == example_sides("LEDX-010")
    assert whole.conversion == Conversion(usd("5.00"), brl("26.25"), RATE)
    assert [use.amount for use in whole.lot_uses] == [brl("10.00"), brl("25.00"), usd("2.00")]
    assert whole.references == {"position": str(POSITION), "member": str(MEMBER), "affiliate": str(AFFILIATE)}


def test_debt_is_paid_and_forgiven_as_the_book_shows() -> None:
    """rules: LED-F10, LED-F11, LED-F12"""
    debt = debt_of(1, brl("13.75"))
    paid = compensate(recharge("pi_3", MEMBER, brl("200.00"), NOW), holdings_of(brl("200.00"), debts=(debt,)), RATE, NOW)
    repaid = clawback_repayment("commission:pos4", AFFILIATE, brl("1.58"), brl("0.29"), NOW)

    assert paid is not None
    assert sides(paid) == example_sides("LEDX-011")
    assert sides(forgiveness("rq1", debt, brl("13.75"), NOW, "admin")) == example_sides("LEDX-013")
    assert repaid is not None
    assert sides(repaid) == example_sides("LEDX-029")
    assert repaid.key == "clawback_comp:commission:pos4"
    assert clawback_repayment("commission:pos4", AFFILIATE, brl("1.58"), brl("0.00"), NOW) is None


def test_openings_and_corrections_are_booked_as_the_book_shows() -> None:
    """rules: LED-F21, LED-F23, LED-02"""
    lot = new_lot(NEW_LOT, MEMBER, brl("32.40"), "import", NOW)

    assert sides(opening(MEMBER, brl("150.00"), brl("0.00"), [lot], NOW)) == example_sides("LEDX-031", "BRL")
    assert sides(opening(MEMBER, usd("0.00"), usd("7.10"), [], NOW)) == example_sides("LEDX-031", "USD")
    assert sides(correction("rq7", MEMBER, usd("12.00"), NOW, "admin")) == example_sides("LEDX-034")


def test_a_correction_against_the_member_is_the_mirror_of_one_for_him() -> None:
    """rules: LED-F23"""
    favour = correction("rq7", MEMBER, usd("12.00"), NOW, "admin")
    against = correction("rq8", MEMBER, usd("-12.00"), NOW, "admin")

    mirrored = {(entry.account, entry.direction.mirror, entry.amount) for entry in favour.entries}
    assert {(entry.account, entry.direction, entry.amount) for entry in against.entries} == mirrored


@given(any_amounts, holdings(), rates)
def test_a_commission_always_balances_and_agrees_with_its_lots_and_debt(fee: Money, held: Holdings, rate: FxRate) -> None:
    """rules: LED-02, LED-20, LED-F09"""
    journal = charged(held, fee, fee, None, rate)

    assert not any(journal.sums().values())
    assert subledger_fault(journal) is None


@given(any_amounts, holdings(), rates)
def test_a_reversed_commission_always_balances_and_agrees_with_its_lots_and_debt(
    fee: Money, held: Holdings, rate: FxRate
) -> None:
    """rules: COM-14, LED-02, LED-F19"""
    journal = charged(held, fee, fee, None, rate)
    lots = {lot.id: lot for lot in held.lots}
    owing = attrs.evolve(held, debts=held.debts + journal.debts_opened)

    back = reversal(Posting(JournalId(UUID(int=1)), journal, NOW), owing, None, lots, NOW, "admin")

    assert not any(back.sums().values())
    assert subledger_fault(back) is None


def test_a_lot_lapses_only_when_its_time_is_over() -> None:
    """rules: BAL-04, GEN-07"""
    with pytest.raises(Conflict) as refused:
        lot_expiry(lot_of(1, brl("1.00"), NOW + timedelta(microseconds=1)), NOW)

    assert refused.value.code == "state_conflict"


def test_no_more_than_what_is_owed_can_be_forgiven() -> None:
    """rules: DBT-06"""
    with pytest.raises(Invalid):
        forgiveness("rq1", debt_of(1, brl("1.00")), brl("1.01"), NOW, "admin")


def test_a_flow_of_nothing_is_no_journal() -> None:
    """rules: LED-01"""
    with pytest.raises(UnbalancedJournal):
        recharge("pi_1", MEMBER, brl("0.00"), NOW)
    with pytest.raises(Invalid):
        recharge("pi_1", MEMBER, brl("-1.00"), NOW)
