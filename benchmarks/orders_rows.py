"""Figures of the tables of orders: each knows what it should be, and says if it is not.

Imported by `orders.py` and the three scripts that measure.
"""

from dataclasses import dataclass
from math import isfinite, log

OUT = "**out**"


@dataclass(frozen=True, slots=True)
class Order:
    """An observed order against the nominal one.

    Args:
        found: what was observed.
        nominal: what the method promises.
        slack: largest distance between the two.
        at_least: whether more than the promise is as good.
    """

    found: float
    nominal: float
    slack: float = 0.1
    at_least: bool = False

    @property
    def ok(self) -> bool:
        """Whether the promise is kept."""
        short = self.nominal - self.found
        return short <= self.slack if self.at_least else abs(short) <= self.slack

    def __str__(self) -> str:
        sign = "≥ " if self.at_least else ""
        text = f"{self.found:.2f} ({sign}{self.nominal:g})"
        return text if self.ok else f"{text} {OUT}"


@dataclass(frozen=True, slots=True)
class Error:
    """An error against the largest that is admitted.

    Args:
        found: what was measured, relative to the size of the solution.
        bound: the largest that counts as right.
    """

    found: float
    bound: float

    @property
    def ok(self) -> bool:
        """Whether the error is small enough; NaN is not."""
        return isfinite(self.found) and self.found <= self.bound

    def __str__(self) -> str:
        text = f"{self.found:.1e} (≤ {self.bound:.0e})"
        return text if self.ok else f"{text} {OUT}"


Figure = Order | Error
Row = tuple[str | Figure, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a title.

    Args:
        title: of the section.
        text: what the reader must know.
        head: one word or two for each column.
        rows: words and figures.
    """

    title: str
    text: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def missed(self) -> list[Row]:
        """The rows with a figure out of tolerance."""
        return [
            row
            for row in self.rows
            if not all(isinstance(cell, str) or cell.ok for cell in row)
        ]

    def __str__(self) -> str:
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        table = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
        return f"## {self.title}\n\n{self.text}\n\n{table}\n"


def slope(sizes: tuple[float, float], errors: tuple[float, float]) -> float:
    """Return the power of the size by which the error falls, between two levels."""
    return log(errors[0] / errors[1]) / log(sizes[0] / sizes[1])
