"""Every benchmark runs at its quick size, so that none is broken when its figures are wanted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import attrs
import pytest

from tests.bench.__main__ import NAMES, benchmark
from tests.bench.table import Size

ROOT: Final = Path(__file__).parents[2]


@pytest.mark.parametrize("name", NAMES)
async def test_a_benchmark_answers_rows_of_figures_that_can_be_written_down(name: str) -> None:
    table = await benchmark(name)(Size.QUICK)

    assert len({tuple(row) for row in table.rows}) == 1
    figures = [figure for row in table.rows for figure in row.values() if not isinstance(figure, str)]
    assert figures
    assert all(figure >= 0 for figure in figures)
    assert json.loads(json.dumps(attrs.asdict(table)))["title"] == table.title
    assert table.title in table.text()


def test_a_benchmark_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    asked = [sys.executable, "-m", "tests.bench", "speed"]
    ended = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "expected names of ledger, proof, planning, webhook, path, venues, was speed" in ended.stderr
