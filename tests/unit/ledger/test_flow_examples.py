"""The worked entries of every flow balance, and leave the balances that the book says."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import pytest

from cbc_domain.kernel.money import Money, currency
from cbc_domain.ledger.chart import CHART, COMPANY, PROCESSOR, OwnerKind
from cbc_domain.ledger.model import Account, AccountKind, Direction, Entry, Journal, UnbalancedJournal
from cbc_domain.ledger.proof import balances
from tests.rulebook import cases, table
from tests.strategies.ledger import NOW, brl, usd

Row = Mapping[str, str]


def entry_of(row: Row) -> Entry:
    of = currency(row["currency"])
    return Entry(Account(AccountKind(row["account"]), row["owner"], of), Direction(row["side"]), Money.parse(row["amount"], of))


def journal_of(example: Mapping[str, object], rows: Sequence[Row]) -> Journal:
    key = str(example["idempotency_key"])
    return Journal(str(example["rule"]), key.partition(":")[0], key, NOW, "system", tuple(entry_of(row) for row in rows))


def journals_of(example: Mapping[str, Sequence[Row]]) -> Iterator[Journal]:
    """One journal; of an opening in two currencies one for each, because no `fx_position` joins them (LED-02)."""
    rows = example["entries"]
    if str(example["rule"]) != "LED-F21":
        yield journal_of(example, rows)
        return
    for _, of_currency in groupby(rows, key=lambda row: row["currency"]):
        yield journal_of(example, list(of_currency))


@pytest.mark.parametrize("example", cases("ledger_examples"))
def test_every_worked_flow_balances_per_currency(example: Mapping[str, Sequence[Row]]) -> None:
    """rules: LED-02, LED-12, LED-13"""
    for journal in journals_of(example):
        assert not any(journal.sums().values())


@pytest.mark.parametrize("example", cases("ledger_examples"))
def test_every_worked_flow_names_the_owner_that_the_chart_says(example: Mapping[str, Sequence[Row]]) -> None:
    """rules: LED-10, LED-12"""
    houses = {OwnerKind.COMPANY: COMPANY, OwnerKind.PROCESSOR: PROCESSOR}

    for entry in (entry for journal in journals_of(example) for entry in journal.entries):
        owner = CHART[entry.account.kind].owner
        assert (entry.account.owner == houses.get(owner)) is (owner is not OwnerKind.MEMBER)


@pytest.mark.parametrize("example", cases("ledger_examples"))
def test_a_worked_flow_with_one_cent_missing_is_refused(example: Mapping[str, Sequence[Row]]) -> None:
    """rules: LED-02, LED-20"""
    first, *rest = example["entries"]
    fewer = {**first, "amount": (entry_of(first).amount + Money(1, entry_of(first).amount.currency)).text}

    with pytest.raises(UnbalancedJournal):
        journal_of(example, [fewer, *rest])


def test_the_whole_table_replayed_gives_the_balances_of_its_members() -> None:
    """rules: LED-03, LED-13, LED-20"""
    examples = table("ledger_examples")
    sums = balances(journal for example in examples for journal in journals_of(example))

    members = {(account.kind, account.owner, account.currency.code): minor for account, minor in sums.items()}
    assert members[AccountKind.PAYOUT_IN_TRANSIT, "m1", "BRL"] == -brl("200.00").minor
    assert members[AccountKind.COMMISSION_RESERVE, "m2", "USD"] == usd("20.00").minor - usd("110.00").minor
    assert members[AccountKind.AFFILIATE_CLAWBACK, "a1", "BRL"] == 0
    assert members[AccountKind.MEMBER_REAL, "m9", "BRL"] == brl("150.00").minor
    assert members[AccountKind.FX_POSITION, "company", "USD"] == usd("107.62").minor * -1
