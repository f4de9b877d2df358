"""What is kept of a seed that does not hold: races do not come again when they are asked to."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from tests.chaos.judge import Verdict

if TYPE_CHECKING:
    from tests.chaos.stage import Stage

KEPT_IN: Final = Path("build/chaos")
TABLES: Final = ("signals", "decisions", "positions", "orders", "setbacks", "tasks")


def kept_in(seed: int) -> Path:
    return KEPT_IN / f"seed-{seed}.json"


async def keep(stage: "Stage", verdict: Verdict, logs: Sequence[Path]) -> None:
    """Write what was found, every call as the venue saw it, when workers died, and the tables that tell of orders."""
    rows = {
        name: [one["row"] for one in await stage.eye.rows(f"SELECT to_jsonb({name})::text AS row FROM {name}")]
        for name in TABLES
    }
    evidence = {
        "found": verdict.wrong,
        "deaths": stage.crew.deaths,
        "calls": [attrs.asdict(call, recurse=False) for call in stage.exchange.noted],
        **{name: [json.loads(row) for row in found] for name, found in rows.items()},
        "logs": {path.name: path.read_text() for path in logs},
    }
    KEPT_IN.mkdir(parents=True, exist_ok=True)
    kept_in(verdict.seed).write_text(json.dumps(evidence, indent=1, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
