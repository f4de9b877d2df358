"""`cbc reconcile`: a comparison with the outside from a terminal."""

import json
from pathlib import Path

from tests.integration.cli.program import cbc


def test_books_without_a_position_have_nothing_to_explain(data: Path, postgres_url: str) -> None:
    """rules: POS-10, RSK-22"""
    ended = cbc(data, "reconcile", "--exchange", "--json", CBC_DATABASE_URL=postgres_url)

    assert ended.code == 0
    assert json.loads(ended.out) == {"leftover": 0, "unexplained": 0, "foreign": 0, "looked_at": 0}


def test_payments_cannot_be_compared_before_there_are_any(data: Path, postgres_url: str) -> None:
    ended = cbc(data, "reconcile", "--stripe", CBC_DATABASE_URL=postgres_url)

    assert (ended.code, ended.in_one_line) == (3, True)
    assert "payments_unavailable" in ended.err
