"""`./dev bench [NAME ...] [OPTION ...]`: each prints a table with ratios and writes it to build/bench/full/NAME.json."""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

import attrs

from cbc_domain.kernel.venues import Venue
from tests.bench.table import Size, Table

NAMES: Final = ("ledger", "proof", "planning", "webhook", "path", "venues")
OUT: Final = Path("build/bench")

VENUES: Final = "venues"
"""It has options of its own."""
REAL: Final = tuple(venue for venue in Venue if venue is not Venue.PAPER)
MOST_SIGNALS: Final = 80
"""Each costs every member a tenth of a percent in fees and slippage, and a tenth of his equity lost ends his day."""

Measure = Callable[..., Coroutine[object, object, Table]]


def benchmark(name: str) -> Measure:
    """Every benchmark is a module here with `async def measure(size: Size) -> Table`, which may have options beside it."""
    measure: Measure = import_module(f"tests.bench.{name}").measure
    return measure


def run(name: str, size: Size, options: Mapping[str, object]) -> Table:
    began, load = time.monotonic(), os.getloadavg()[0]
    table = asyncio.run(benchmark(name)(size, **options))
    took = time.monotonic() - began
    surroundings = {
        "size": size.value,
        "seconds": round(took, 1),
        "load_before": round(load, 2),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    folder = OUT / size.value
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps({**attrs.asdict(table), "surroundings": surroundings}, indent=2) + "\n")
    sys.stdout.write(f"\n{table.text()}\n({', '.join(f'{key} {value}' for key, value in surroundings.items())})\n")
    sys.stdout.flush()
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}; all without one")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, not how fast it is")
    own = parser.add_argument_group(f"of `{VENUES}` alone")
    own.add_argument("--accounts", type=_count, nargs="+", metavar="N", help="how many, one size after another")
    own.add_argument("--venue", type=Venue, choices=REAL, nargs="+", dest="venues", help="where; each with all sizes")
    own.add_argument("--signals", type=_count, metavar="S", help=f"warm ones, at most {MOST_SIGNALS}")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"expected names of {', '.join(NAMES)}, was {', '.join(unknown)}")
    options = {name: value for name in ("accounts", "venues", "signals") if (value := getattr(given, name)) is not None}
    if options and given.names != [VENUES]:
        parser.error(f"expected `{VENUES}` alone with options of its own, was {', '.join(given.names)}")
    if given.signals is not None and given.signals > MOST_SIGNALS:
        parser.error(f"expected at most {MOST_SIGNALS} signals, was {given.signals}")
    for name in given.names:
        run(name, Size.QUICK if given.quick else Size.FULL, options)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a number from 1, was {text!r}")
    return int(text)


if __name__ == "__main__":
    main()
