"""The hash chain finds every change of what was sealed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbc_domain.kernel.ids import JournalId
from cbc_domain.kernel.money import Money, currency
from cbc_domain.kernel.time import parse_instant
from cbc_domain.ledger.findings import Seal
from cbc_domain.ledger.model import Account, AccountKind, Direction, Entry, Journal, Posting
from cbc_domain.ledger.postings import recharge
from cbc_domain.ledger.seal import GENESIS, canonical, seal, verify_chain
from tests.rulebook import table
from tests.strategies.ledger import MEMBER, NOW, brl

Link = tuple[Seal, Posting]


def journal_of(record: Mapping[str, Any]) -> Journal:
    entries = tuple(
        Entry(
            Account(AccountKind(row["account"]), row["owner"], currency(row["currency"])),
            Direction(row["side"]),
            Money.parse(row["amount"], currency(row["currency"])),
        )
        for row in record["entries"]
    )
    return Journal("LED-F01", record["kind"], record["idempotency_key"], NOW, "system", entries)


@pytest.mark.parametrize("link", table("hash_chain_vector")["chain"], ids=["first", "second"])
def test_a_record_is_sealed_byte_for_byte_as_the_book_says(link: Mapping[str, Any]) -> None:
    """rules: LED-22"""
    record = link["record"]
    journal, posted_at = journal_of(record), parse_instant(record["posted_at"])

    assert canonical(record["seq"], journal, posted_at) == link["canonical"]
    assert seal(link["prev_hash"], record["seq"], journal, posted_at) == link["hash"]


def chain_of(amounts: list[int]) -> list[Link]:
    links: list[Link] = []
    previous = GENESIS
    for seq, minor in enumerate(amounts, start=1):
        journal = recharge(f"pi_{seq}", MEMBER, Money(minor, currency("BRL")), NOW)
        posting = Posting(JournalId(UUID(int=seq)), journal, NOW + timedelta(seconds=seq))
        previous = seal(previous, seq, journal, posting.posted_at)
        links.append((Seal(seq, posting.id, previous), posting))
    return links


chains = st.lists(st.integers(1, 10**6), min_size=2, max_size=6).map(chain_of)


@given(chains, st.data())
def test_an_untouched_chain_holds_in_one_piece_and_in_two(chain: list[Link], data: st.DataObject) -> None:
    """rules: LED-22"""
    cut = data.draw(st.integers(1, len(chain) - 1))

    assert verify_chain(chain) is None
    assert verify_chain(chain[cut:], start=chain[cut - 1][0]) is None


@given(chains, st.data())
def test_any_changed_record_breaks_the_chain(chain: list[Link], data: st.DataObject) -> None:
    """rules: LED-22"""
    place = data.draw(st.integers(0, len(chain) - 1))
    link, posting = chain[place]
    change = data.draw(st.sampled_from(["amount", "key", "owner", "time"]))
    journal = posting.journal
    changed = {
        "amount": attrs.evolve(posting, journal=recharge(f"pi_{link.seq}", MEMBER, brl("999999.99"), NOW)),
        "key": attrs.evolve(posting, journal=attrs.evolve(journal, key=journal.key + "x")),
        "owner": attrs.evolve(posting, journal=attrs.evolve(journal, entries=tuple(reversed(journal.entries)))),
        "time": attrs.evolve(posting, posted_at=posting.posted_at + timedelta(microseconds=1)),
    }[change]

    assert verify_chain([*chain[:place], (link, changed), *chain[place + 1 :]]) is not None


@given(chains, st.data())
def test_a_record_that_was_removed_or_put_elsewhere_breaks_the_chain(chain: list[Link], data: st.DataObject) -> None:
    """rules: LED-22"""
    place = data.draw(st.integers(0, len(chain) - 2))
    swapped = [*chain[:place], chain[place + 1], chain[place], *chain[place + 2 :]]

    assert verify_chain([*chain[:place], *chain[place + 1 :]]) is not None
    assert verify_chain(swapped) is not None


def test_a_link_that_claims_another_place_breaks_the_chain() -> None:
    """rules: LED-22"""
    (link, posting), *rest = chain_of([1, 2])

    assert verify_chain([(attrs.evolve(link, seq=2), posting), *rest]) == "expected sequence 1, was 2"


def test_a_seal_of_another_journal_breaks_the_chain() -> None:
    """rules: LED-22"""
    (link, posting), *rest = chain_of([1, 2])

    fault = verify_chain([(link, attrs.evolve(posting, id=JournalId(UUID(int=99)))), *rest])

    assert fault is not None
    assert "sequence 1" in fault
