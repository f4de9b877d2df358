"""Whether the order in which members' orders are filled favours anybody, over many signals (PRI-03)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from statistics import fmean, pstdev
from typing import Final

import attrs

Filled = Mapping[str, datetime]
"""When each member's first order of one signal was filled."""


@attrs.frozen
class Fairness:
    """How evenly members took turns.

    `luckiest` and `unluckiest` are mean places, as the share of the others who were filled before: 0 always first, 1 always
    last. `of_chance` is how far all mean places scatter, as a ratio to drawing lots for each signal: about 1 is fair, and the
    same order each time is the root of the number of signals.
    """

    of_chance: float
    luckiest: float
    unluckiest: float


NOBODY: Final = Fairness(0.0, 0.0, 0.0)
"""Of whoever has nobody beside him."""


def fairness(signals: Sequence[Filled]) -> Fairness:
    """Of one signal alone `of_chance` says nothing; members who missed one of several are left out."""
    members = sorted(frozenset[str].intersection(*(frozenset(filled) for filled in signals)))
    if len(members) < 2:
        return NOBODY
    orders = [ranks({member: filled[member] for member in members}) for filled in signals]
    means = [fmean(order[member] for order in orders) for member in members]
    others = len(members) - 1
    chance = sqrt((len(members) ** 2 - 1) / 12 / len(signals))
    return Fairness(pstdev(means) / chance, (min(means) - 1) / others, (max(means) - 1) / others)


def ranks(filled: Filled) -> Mapping[str, float]:
    """Each member's place, the first is 1; those of the same instant share the mean of theirs."""
    taken: dict[datetime, list[int]] = {}
    for place, at in enumerate(sorted(filled.values()), start=1):
        taken.setdefault(at, []).append(place)
    return {member: fmean(taken[at]) for member, at in filled.items()}
