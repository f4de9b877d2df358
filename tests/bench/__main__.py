"""`./dev bench [NAME ...] [--quick]`: each benchmark prints a table with ratios and writes it to build/bench/full/NAME.json."""

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import Final

import attrs

from tests.bench.table import Size, Table

NAMES: Final = ("ledger", "proof", "planning", "webhook", "path", "venues")
OUT: Final = Path("build/bench")

Measure = Callable[[Size], Coroutine[object, object, Table]]


def benchmark(name: str) -> Measure:
    """Every benchmark is a module here with `async def measure(size: Size) -> Table`."""
    measure: Measure = import_module(f"tests.bench.{name}").measure
    return measure


def run(name: str, size: Size) -> Table:
    began, load = time.monotonic(), os.getloadavg()[0]
    table = asyncio.run(benchmark(name)(size))
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
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in NAMES]
    if unknown:
        parser.error(f"expected names of {', '.join(NAMES)}, was {', '.join(unknown)}")
    for name in given.names:
        run(name, Size.QUICK if given.quick else Size.FULL)


if __name__ == "__main__":
    main()
