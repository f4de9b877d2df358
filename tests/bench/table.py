"""What a benchmark found: figures side by side from one run, and how to read them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import attrs

Figure = str | int | float
Row = Mapping[str, Figure]


class Size(StrEnum):
    """How much is measured: `quick` shows in seconds that it works, `full` gives the figures that the documents cite."""

    QUICK = "quick"
    FULL = "full"


@attrs.frozen
class Table:
    """Rows of one run; every row has the same columns, and a ratio is only ever taken between rows of one table."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The table for a terminal, numbers right-aligned, with its notes below."""
        columns = list(self.rows[0])
        cells = [[_shown(row[column]) for column in columns] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        left = [isinstance(self.rows[0][column], str) for column in columns]
        lines = [_line(columns, widths, left), _line(["-" * width for width in widths], widths, left)]
        lines += [_line(row, widths, left) for row in cells]
        return "\n".join([self.title, "", *lines, *(["", *self.notes] if self.notes else [])])


def _line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    columns = zip(cells, widths, left, strict=True)
    padded = (cell.ljust(width) if to_left else cell.rjust(width) for cell, width, to_left in columns)
    return "  ".join(padded).rstrip()


def _shown(figure: Figure) -> str:
    if isinstance(figure, float):
        return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
    return f"{figure:,}" if isinstance(figure, int) else figure
