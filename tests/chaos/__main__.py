"""`./dev chaos`: seeds of signals with kills, lost answers and restarts; prints figures, of which most must be zero."""

import argparse
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Final

from tests.chaos.campaign import Size, campaign
from tests.chaos.evidence import kept_in
from tests.chaos.judge import Verdict
from tests.chaos.report import Report, progress
from tests.chaos.venues.command import run

VENUES: Final = "--venues"
"""In front of everything else: the campaign at the four venues, which has options of its own."""


def main() -> int:
    if sys.argv[1:2] == [VENUES]:
        return run(sys.argv[2:])
    given = _arguments()
    size = Size(given.signals, given.members, given.workers, given.lanes)
    seeds = range(given.first, given.first + given.seeds)
    began, verdicts = monotonic(), list[Verdict]()
    for verdict in campaign(seeds, size):
        verdicts.append(verdict)
        _say(progress(verdict, len(verdicts), len(seeds)))
        if not verdict.holds:
            _say(f"seed {verdict.seed}: all of it is kept in {kept_in(verdict.seed)}")
    report = Report(size, sorted(verdicts, key=lambda one: one.seed), monotonic() - began)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(report.document(), indent=2) + "\n")
    _say("\n" + report.text())
    return 0 if report.holds and len(verdicts) == len(seeds) else 1


def _arguments() -> argparse.Namespace:
    size = Size()
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__)
    parser.add_argument(VENUES, action="store_true", help="at the four venues instead; see `./dev chaos --venues --help`")
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="SEED", help="the first of them")
    parser.add_argument("--signals", type=int, default=size.signals, help="of each seed")
    parser.add_argument("--members", type=int, default=size.members)
    parser.add_argument("--workers", type=int, default=size.workers, help="processes that work on one seed")
    parser.add_argument("--lanes", type=int, default=size.lanes, help="seeds at the same time")
    parser.add_argument("--json", type=Path, default=Path("build/chaos.json"), help="where the figures are written")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
