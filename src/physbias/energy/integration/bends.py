"""How energy grows between two points of a curve, from the power around them."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import hypot, sqrt

from physbias.energy.integration.border import Cell, Part, Side

_CELLS = 6
_NEAR = 2
_PRIOR = 0.5
_FLOOR_WATTS = 0.5
_TINY = 1e-9
_FRACTIONS = (0.25, 0.5, 0.75)


class Bends:
    """The energy inside the steps of a curve, where a border may cut them.

    Each step is parted as :class:`Cell` does it, from up to six steps on each side.
    In between it is laid out over four straight pieces that never fall, so that parts
    of the curve add up and none is negative.

    Args:
        times: points of the curve [s].
        joules: energy up to them [J].
        apart: steps left out next to the one that is parted, on its left and right,
            because a late sensor may show power across the border in them [1].
        slack: half-width within which the points are known [s].
    """

    def __init__(
        self,
        times: Sequence[float],
        joules: Sequence[float],
        apart: tuple[int, int] = (0, 0),
        slack: float = 0.0,
    ) -> None:
        self._times = times
        self._joules = joules
        self._left, self._right = apart
        self._slack = slack
        lengths = [max(_TINY, q - p) for p, q in pairwise(times)]
        used = [q - p for p, q in pairwise(joules)]
        watts = [e / length for e, length in zip(used, lengths, strict=True)]
        self._watts = watts
        self._steps = len(watts)
        self._sums = list(accumulate(watts, initial=0.0))
        self._squares = list(accumulate((w * w for w in watts), initial=0.0))
        self._swing = max(watts) - min(watts)
        self._laid: dict[int, tuple[list[float], list[float]]] = {}

    def moved(self, joules: Sequence[float]) -> "Bends":
        """Return the same for other energies up to the points [J]."""
        return Bends(self._times, joules, (self._left, self._right), self._slack)

    def at(self, step: int, time: float) -> float:
        """Return the energy from the beginning of a step up to an instant in it [J]."""
        laid, _ = self._step(step)
        begin, end = self._times[step], self._times[step + 1]
        return _along(laid, (time - begin) / (end - begin))

    def error(self, step: int, time: float) -> float:
        """Return the standard uncertainty of that energy [J].

        It goes with the root of the times on both sides; the factor is laid out as the
        energy is.
        """
        _, factors = self._step(step)
        begin, end = self._times[step], self._times[step + 1]
        outer, inner = max(0.0, time - begin), max(0.0, end - time)
        return _along(factors, outer / (end - begin)) * sqrt(outer * inner)

    def part(self, step: int, time: float) -> Part:
        """Return how a step is parted at an instant in it."""
        outer, inner = time - self._times[step], self._times[step + 1] - time
        joules = self._joules[step + 1] - self._joules[step]
        rough = self._rough(step)
        cell = Cell(joules, outer, inner, self._swing, self._slack, rough)
        first, last = step - self._left, step + 1 + self._right
        left = self._group(max(0, first - _CELLS), first)
        right = self._group(last, min(last + _CELLS, self._steps))
        if left is None or right is None:
            watts = joules / (outer + inner)
            alike = Side(watts, self._swing / 2, 0.0)
            return cell.part(alike, alike)
        return cell.part(*_sides(left, right))

    def _step(self, step: int) -> tuple[list[float], list[float]]:
        """Return energy and factor of its error at the ends and quarters of a step."""
        if step in self._laid:
            return self._laid[step]
        begin, length = self._times[step], self._times[step + 1] - self._times[step]
        joules = self._joules[step + 1] - self._joules[step]
        laid, factors = [0.0], []
        for fraction in _FRACTIONS:
            found = self.part(step, begin + fraction * length)
            laid.append(min(max(found.joules, laid[-1]), joules))
            root = max(_TINY, length * sqrt(fraction * (1 - fraction)))
            factors.append(found.error / root)
        laid, factors = [*laid, joules], [factors[0], *factors, factors[-1]]
        self._laid[step] = laid, factors
        return laid, factors

    def _rough(self, step: int) -> float:
        """Return how uneven power is next to a step [W]."""
        near = self._watts[max(0, step - _NEAR) : step + _NEAR + 1]
        squares = [(b - a) ** 2 for a, b in pairwise(near)]
        return sqrt(sum(squares) / len(squares) / 2) if squares else self._swing

    def _group(self, first: int, last: int) -> tuple[int, float, float] | None:
        """Return number, mean and sum of squares about it of some steps."""
        count = last - max(0, first)
        if count <= 0:
            return None
        mean = (self._sums[last] - self._sums[first]) / count
        squares = self._squares[last] - self._squares[first] - count * mean**2
        return count, mean, max(0.0, squares)


def _along(values: Sequence[float], share: float) -> float:
    """Return what is ``share`` of the way along values at equal distances."""
    place = share * (len(values) - 1)
    piece = min(int(place), len(values) - 2)
    return values[piece] + (place - piece) * (values[piece + 1] - values[piece])


def _sides(
    left: tuple[int, float, float], right: tuple[int, float, float]
) -> tuple[Side, Side]:
    free = left[0] + right[0] - 2
    prior = (left[2] + right[2]) / free if free else (left[1] - right[1]) ** 2
    one, two = (_side(*group, prior) for group in (left, right))
    return one, two


def _side(count: int, mean: float, squares: float, prior: float) -> Side:
    variance = (squares + _PRIOR * prior) / (count - 1 + _PRIOR)
    sway = hypot(sqrt(variance), _FLOOR_WATTS)
    return Side(mean, sway, sway / sqrt(count), count)
