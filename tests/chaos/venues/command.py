"""`./dev chaos --venues`: signals to accounts at four venues, over bad lines, with workers killed at random."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from tests.chaos.evidence import AT_VENUES, kept_in
from tests.chaos.judge import Verdict
from tests.chaos.report import progress
from tests.chaos.venues.campaign import venue_campaign
from tests.chaos.venues.report import VenueReport
from tests.chaos.venues.size import VenueSize


def run(arguments: Sequence[str]) -> int:
    """Run it and print its figures; 0 when all hold."""
    given = _arguments(arguments)
    size = VenueSize(given.signals, given.accounts, given.workers, given.venues, given.lanes, given.trading)
    seeds = range(given.first, given.first + given.seeds)
    began, verdicts = monotonic(), list[Verdict]()
    for verdict in venue_campaign(seeds, size):
        verdicts.append(verdict)
        _say(progress(verdict, len(verdicts), len(seeds)))
        if not verdict.holds:
            _say(f"seed {verdict.seed}: all of it is kept in {kept_in(verdict.seed, AT_VENUES)}")
    report = VenueReport(size, verdicts, monotonic() - began)
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(report.document(), indent=2) + "\n")
    _say("\n" + report.text())
    return 0 if report.holds and len(verdicts) == len(seeds) else 1


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    size = VenueSize()
    parser = argparse.ArgumentParser(prog="./dev chaos --venues", description=__doc__)
    parser.add_argument("--seeds", type=int, default=125, help="how many")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="SEED", help="the first of them")
    parser.add_argument("--signals", type=int, default=size.signals, help="of each seed")
    parser.add_argument("--accounts", type=int, default=size.accounts, help="at each venue")
    parser.add_argument("--at", type=int, default=size.venues, dest="venues", help="so many of the four venues")
    parser.add_argument("--workers", type=int, default=size.workers, help="processes that work on one seed")
    parser.add_argument("--lanes", type=int, default=size.lanes, help="seeds at the same time")
    parser.add_argument("--trading", type=int, default=size.trading, help="seeds of those that trade at the same time")
    parser.add_argument("--json", type=Path, default=Path("build/chaos-venues.json"), help="where the figures are written")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
