"""What is kept of a seed that does not hold: races do not come again when they are asked to."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs

from tests.chaos.database import Eye
from tests.chaos.judge import Verdict

KEPT_IN: Final = Path("build/chaos")
AT_VENUES: Final = Path("build/chaos/venues")
TABLES: Final = ("signals", "decisions", "positions", "orders", "setbacks", "tasks")


def kept_in(seed: int, folder: Path = KEPT_IN) -> Path:
    return folder / f"seed-{seed}.json"


async def keep(verdict: Verdict, eye: Eye, seen: Mapping[str, object], logs: Sequence[Path], folder: Path = KEPT_IN) -> None:
    """Write what was found, what was `seen` (calls, deaths), and the tables that tell of orders."""
    rows = {
        name: [one["row"] for one in await eye.rows(f"SELECT to_jsonb({name})::text AS row FROM {name}")] for name in TABLES
    }
    evidence = {
        "found": verdict.wrong,
        **seen,
        **{name: [json.loads(row) for row in found] for name, found in rows.items()},
        "logs": {path.name: path.read_text() for path in logs},
    }
    folder.mkdir(parents=True, exist_ok=True)
    kept_in(verdict.seed, folder).write_text(json.dumps(evidence, indent=1, default=_plain))


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _ if attrs.has(type(value)):
            return attrs.asdict(value, recurse=False)  # type: ignore[arg-type]  # has() said so, but not to the checker
        case _:
            return str(value)
