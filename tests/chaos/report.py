"""What a campaign found, as a table and as JSON: the figures that must be zero, how much went on, and where workers died."""

import os
import platform
from collections import Counter
from collections.abc import Sequence

import attrs

from tests.chaos.campaign import Size
from tests.chaos.judge import MUST_BE_ZERO, WORST, Verdict
from tests.chaos.points import POINTS

MOST_SHOWN = 5


@attrs.frozen
class Report:
    """All verdicts of a campaign; `took` in real seconds."""

    size: Size
    verdicts: Sequence[Verdict]
    took: float

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.verdicts)

    @property
    def figures(self) -> dict[str, int]:
        return {name: sum(len(verdict.wrong[name]) for verdict in self.verdicts) for name in MUST_BE_ZERO}

    @property
    def counts(self) -> dict[str, int]:
        """Sums over all seeds, but the longest of the longest."""
        total: Counter[str] = Counter()
        for verdict in self.verdicts:
            total.update(verdict.counts)
        worst = max((verdict.counts[WORST] for verdict in self.verdicts), default=0)
        return {**total, WORST: worst}

    @property
    def kills(self) -> dict[str, int]:
        """By point, also those at which nobody died."""
        total: Counter[str] = Counter()
        for verdict in self.verdicts:
            total.update(verdict.kills)
        return {point: total[point] for point in POINTS}

    def text(self) -> str:
        size, seeds = self.size, len(self.verdicts)
        head = f"{seeds} seeds of {size.signals} signals x {size.members} members, {size.workers} workers, {self.took:.0f} s"
        missed = [point for point, times in self.kills.items() if not times]
        parts = [
            head,
            "",
            "must be zero",
            *lines(self.figures),
            "",
            "what went on",
            *lines(self.counts),
            "",
            "killed there",
            *lines(self.kills),
            "",
            f"points at which nobody died: {', '.join(missed) or 'none'}",
        ]
        return "\n".join([*parts, *self._found()])

    def document(self) -> dict[str, object]:
        return {
            "size": attrs.asdict(self.size),
            "seeds": [verdict.seed for verdict in self.verdicts],
            "must_be_zero": self.figures,
            "counts": self.counts,
            "kills": self.kills,
            "found": {str(one.seed): said(one) for one in self.verdicts if not one.holds},
            "surroundings": {
                "seconds": round(self.took, 1),
                "cores": os.cpu_count(),
                "load": round(os.getloadavg()[0], 2),
                "python": platform.python_version(),
            },
        }

    def _found(self) -> list[str]:
        bad = [verdict for verdict in self.verdicts if not verdict.holds]
        return ["", *(line for verdict in bad for line in findings_of(verdict))]


def progress(verdict: Verdict, done: int, of: int) -> str:
    """A line for a seed that is over, and one for each finding."""
    counts = ", ".join(f"{name} {count}" for name, count in verdict.counts.items() if count)
    wrong = ", ".join(f"{name} {len(found)}" for name, found in verdict.wrong.items() if found)
    line = f"{done}/{of} seed {verdict.seed} {verdict.seconds:.1f} s {'WRONG: ' + wrong if wrong else 'holds'} ({counts})"
    return "\n".join([line, *findings_of(verdict)])


def findings_of(verdict: Verdict) -> list[str]:
    return [f"seed {verdict.seed}: {name}: {what}" for name, said in said(verdict).items() for what in said]


def said(verdict: Verdict) -> dict[str, list[str]]:
    return {name: list(found)[:MOST_SHOWN] for name, found in verdict.wrong.items() if found}


def lines(figures: dict[str, int]) -> list[str]:
    width = max(map(len, figures))
    return [f"  {name.ljust(width)}  {figure:>8,}" for name, figure in figures.items()]
