"""What one more costs."""

from collections.abc import Sequence
from statistics import linear_regression


def each_more(points: Sequence[tuple[float, float]]) -> float:
    """By how much a figure grows with each member more, of (members, figure), by the line that is nearest to all.

    0 while all were taken at one number of members.
    """
    if len({members for members, _ in points}) < 2:
        return 0.0
    members, figures = zip(*points, strict=True)
    return linear_regression(members, figures).slope
