"""Business modules ask for a named flow; only the Financial Manager posts (LED-08)."""

from pathlib import Path
from typing import Final

import pytest

from tests.unit.guards.posting import free_postings

SRC: Final = Path(__file__).parents[3] / "src"
MODULES: Final = sorted(path.relative_to(SRC).as_posix() for path in SRC.rglob("*.py"))

PLAN: Final = "cbc_domain/application/trading/plan_orders.py"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_posts_only_if_it_is_the_financial_managers(module: str) -> None:
    """rules: LED-08"""
    assert free_postings((SRC / module).read_text("utf-8"), module) == []


@pytest.mark.parametrize(
    "source",
    [
        "await work.books.post([journal], now)",
        "await self.books.post(journals, now)",
        "await self._teller.post(journals, now)",
        "journal = Journal('LED-F23', 'adjust', 'k', now, 'me', entries)",
        "entry = Entry(account, Direction.DEBIT, amount)",
        "from cbc_domain.ledger.entries import draft",
        "from cbc_domain.ledger.entries import credited, SYSTEM",
    ],
)
def test_a_business_module_that_makes_or_posts_entries_is_caught(source: str) -> None:
    """rules: LED-08"""
    assert len(free_postings(source, PLAN)) == 1


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("await work.books.post([journal], now)", "cbc_domain/application/money/settle_trades.py"),
        ("journal = Journal()", "cbc_domain/ledger/reversal.py"),
        ("from cbc_domain.ledger.entries import SYSTEM", PLAN),
        ("from cbc_domain.ledger.postings import recharge", PLAN),
        ("answer = await client.post('/api')", PLAN),
    ],
)
def test_what_is_no_free_posting_is_let_through(source: str, module: str) -> None:
    assert free_postings(source, module) == []
