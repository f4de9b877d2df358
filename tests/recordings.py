"""Recorded input beside the repository: a month of the market and of alerts, answers of venues; a fresh clone has none."""

from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parents[2] / "shared" / "data"
RECORDED_CANDLES: Final = "btc-perp-2022-01-1m.csv.gz"
RECORDED_ALERTS: Final = "alerts-btc-2022-01.jsonl"
RECORDED_READINGS: Final = "market-simulated-2022-01.jsonl"
BYBIT_SAMPLES: Final = "venue-samples/bybit.jsonl"


def recorded(name: str) -> Path:
    """The path of a recording; skips the test, saying so, where there is none."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"no recording: expected ../shared/data/{name} beside the repository")
    return path
