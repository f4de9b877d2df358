"""What a campaign at the venues found, as a table and as JSON."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from typing import Final

import attrs

from tests.chaos.judge import MUST_BE_ZERO, WORST, Verdict
from tests.chaos.report import findings_of, lines, said
from tests.chaos.venues.size import VenueSize
from tests.chaos.venues.stage import DIED, LEFT, SIGNED, SLOWEST, STRUCK

NONE_OF: Final = (*MUST_BE_ZERO, LEFT, DIED)
FEWEST_FAULTS: Final = 20
"""Percent of the signed calls."""
SHARE: Final = "signed calls with faults, %"


@attrs.frozen
class VenueReport:
    """All verdicts of a campaign; `took` in real seconds."""

    size: VenueSize
    verdicts: Sequence[Verdict]
    took: float

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.verdicts) and self.counts[SHARE] >= FEWEST_FAULTS

    @property
    def figures(self) -> dict[str, int]:
        return {name: sum(len(verdict.wrong[name]) for verdict in self.verdicts) for name in NONE_OF}

    @property
    def counts(self) -> dict[str, int]:
        """Sums over all seeds, but the longest of the longest; the share is rounded down."""
        total: Counter[str] = Counter()
        for verdict in self.verdicts:
            total.update(verdict.counts)
        worst = {name: max((one.counts[name] for one in self.verdicts), default=0) for name in (WORST, SLOWEST)}
        return {**total, **worst, SHARE: 100 * total[STRUCK] // max(1, total[SIGNED])}

    def text(self) -> str:
        size, seeds = self.size, len(self.verdicts)
        head = f"{seeds} seeds of {size.signals} signals x {size.accounts} accounts x {size.venues} venues"
        parts = [
            f"{head} = {seeds * size.signals} signals, {size.workers} workers, {self.took:.0f} s",
            "",
            "must be zero",
            *lines(self.figures),
            "",
            "what went on",
            *lines(self.counts),
            "",
        ]
        return "\n".join([*parts, *(line for verdict in self.verdicts for line in findings_of(verdict))])

    def document(self) -> dict[str, object]:
        return {
            "size": attrs.asdict(self.size),
            "seeds": [verdict.seed for verdict in self.verdicts],
            "must_be_zero": self.figures,
            "counts": self.counts,
            "found": {str(one.seed): said(one) for one in self.verdicts if not one.holds},
            "surroundings": {
                "seconds": round(self.took, 1),
                "cores": os.cpu_count(),
                "load": round(os.getloadavg()[0], 2),
                "python": platform.python_version(),
            },
        }
