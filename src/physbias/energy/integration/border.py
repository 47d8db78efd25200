"""How the energy of a cell is shared between the two sides of a border in it."""

from dataclasses import dataclass
from math import exp, hypot, inf, pi, sqrt
from typing import NamedTuple

_HIDDEN = 1.3
_CHANCE = 2.0
_ALIKE = 2.0
_ODD = 3.0
_ENOUGH = 3
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of the power on one side of a border.

    Args:
        watts: mean power [W].
        sway: standard deviation of the power of single cells about it [W].
        error: standard uncertainty of the mean [W].
        cells: number of cells that show it [1].
    """

    watts: float
    sway: float
    error: float
    cells: int = 0


class Part(NamedTuple):
    """What a cell holds outside a window.

    Args:
        joules: the energy [J].
        error: its standard uncertainty [J].
    """

    joules: float
    error: float


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell that a border of a window cuts.

    Args:
        joules: its energy [J].
        outer: its time outside the window [s].
        inner: its time inside [s].
        swing: highest minus lowest power seen in any cell [W].
        slack: half-width within which its ends are known [s].
        rough: how uneven power can be in it if nothing happens at the border [W]; by
            default as uneven as on both sides.
    """

    joules: float
    outer: float
    inner: float
    swing: float
    slack: float = 0.0
    rough: float = inf

    @property
    def length(self) -> float:
        """Length of the cell [s]."""
        return self.outer + self.inner

    def part(self, outside: Side, inside: Side) -> Part:
        """Return what the cell holds outside the window.

        Either the power changes at the border. With P x expected outside and Q y
        inside, each with a variance, and their sum C known, the energy outside has the
        mean P x + (C - P x - Q y) v_x / (v_x + v_y) and the variance
        v_x v_y / (v_x + v_y): the side that is steady is believed. Or nothing happens
        there, and the cell is shared out evenly. Before C is looked at, both are
        equally likely; the first explains C with its normal density, the second as any
        power within the swing. Each counts with its probability.

        Args:
            outside: the power outside.
            inside: the power inside.
        """
        x, y = self.outer, self.inner
        if x <= 0 or y <= 0:
            return Part(0.0 if x <= 0 else self.joules, 0.0)
        even = self.joules * x / self.length
        rough = max(outside.sway, inside.sway, abs(inside.watts - outside.watts) / 2)
        # a cell unlike both sides cannot be even
        unlike = [abs(self.joules / self.length - s.watts) for s in (outside, inside)]
        rough = max(rough, min(unlike))
        plain = _HIDDEN * min(rough, self.rough) * sqrt(x * y)
        out, error, odd, spread = self._changed(outside, inside)
        range_ = max(self.swing * self.length, spread)
        density = exp(-(odd**2) / 2) / sqrt(2 * pi) * range_ / max(spread, _TINY)
        weight = density / (1 + density)
        mixed = weight * out + (1 - weight) * even
        variance = weight * error**2 + (1 - weight) * plain**2
        variance += weight * (1 - weight) * (out - even) ** 2
        return Part(min(max(mixed, 0.0), self.joules), sqrt(variance))

    def fits(self, outside: Side, inside: Side, outers: tuple[float, float]) -> bool:
        """Return whether the cell can hold what it does if power changes at the border.

        With few cells inside that cannot be told, and it can.

        Args:
            outside: the power outside.
            inside: the power inside.
            outers: least and largest time of the cell that may lie outside [s].
        """
        if inside.cells < _ENOUGH:
            return True
        odds = []
        for x in outers:
            y = self.length - x
            sway = _HIDDEN * inside.sway * sqrt(self.length * y)
            edges = inside.watts * self.slack
            error = hypot(sway, inside.error * y, outside.error * x, edges, _TINY)
            odds.append((self.joules - outside.watts * x - inside.watts * y) / error)
        return min(odds) < _ODD and max(odds) > -_ODD

    def _changed(
        self, outside: Side, inside: Side
    ) -> tuple[float, float, float, float]:
        """Return the energy outside and its error if power changes at the border.

        Also by how many standard deviations the cell holds more than expected [1], and
        that standard deviation [J].
        """
        one, two = _as_alike_as_can_be(outside, inside)
        shares = [
            hypot(_HIDDEN * side.sway * sqrt(self.length * t), side.error * t)
            for side, t in ((one, self.outer), (two, self.inner))
        ]
        spread = max(hypot(*shares), _TINY)
        rest = self.joules - one.watts * self.outer - two.watts * self.inner
        out = one.watts * self.outer + rest * (shares[0] / spread) ** 2
        return out, shares[0] * shares[1] / spread, rest / spread, spread


def _as_alike_as_can_be(outside: Side, inside: Side) -> tuple[Side, Side]:
    """Return two sides, without those differences that chance alone may make."""
    rise = inside.watts - outside.watts
    doubt = outside.error**2 + inside.error**2
    real = max(0.0, 1.0 - _CHANCE * doubt / rise**2) if rise else 0.0
    if not (outside.cells and inside.cells):
        real = 1.0
    heavy = inside.error**2 / doubt if doubt else 0.5
    mean = heavy * outside.watts + (1 - heavy) * inside.watts
    sways = [outside.sway, inside.sway]
    if max(sways) < _ALIKE * min(sways):
        sways = [sum(sways) / 2] * 2
    one, two = (
        Side(mean + real * (side.watts - mean), sway, real * side.error)
        for side, sway in zip((outside, inside), sways, strict=True)
    )
    return one, two
