"""Manufactured solutions: smooth random fields that obey the boundary conditions."""

from collections.abc import Callable, Sequence
from math import pi

import torch
from torch import Tensor

from physbias.verify.sides import Pair, Side, common_level

TERMS = 3
SWAY = 0.3
LEVEL = 0.1
Profile = Callable[[Tensor], Tensor]


class ManufacturedField:
    """A smooth random function of space and time that obeys a grid's conditions.

    Each channel is a level plus a few products of one profile per axis: Fourier modes
    where the axis is periodic, and waves bent by a parabola to obey the conditions
    where it has walls. All of them sway in time at one rate.

    Args:
        sides: the conditions of every channel, axis by axis.
        lengths: extent along each axis [m].
        origin: lower corner [m].
        seed: of the random phases and sizes.
        rate: angular frequency in time [1/s].
        mean: level of each channel, where no wall sets a value.
        amplitude: size of the waves.
        natural: use waves that are odd about a value and even about a slope, so that
            the derivatives that follow from a condition obey theirs as well.
        modes: largest mode number.
    """

    def __init__(
        self,
        sides: Sequence[Sequence[Pair]],
        lengths: Sequence[float],
        origin: Sequence[float],
        *,
        seed: int,
        rate: float = 1.0,
        mean: tuple[float, ...] = (0.0,),
        amplitude: float = 1.0,
        natural: bool = False,
        modes: int = 2,
    ) -> None:
        self.channels = len(sides)
        self.rate_of_change = rate
        self._lengths, self._origin = tuple(lengths), tuple(origin)
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> Tensor:
            return torch.rand(*shape, generator=generator, dtype=torch.float64)

        self._sizes = amplitude * (0.4 + 0.6 * draw(self.channels * TERMS)) / TERMS
        self._phases = 2 * pi * draw(self.channels * TERMS)
        lifts, levels = LEVEL * (1 + draw(self.channels)), []
        self._profiles: list[list[Profile]] = [[] for _ in lengths]
        self._lifts: list[list[Profile]] = [[] for _ in lengths]
        for channel, (own, lift) in enumerate(zip(sides, lifts, strict=True)):
            level = common_level(own)
            if level is None:
                # about a level, or what reads the mean of a field would read nothing
                level = mean[min(channel, len(mean) - 1)] + amplitude * float(lift)
            levels.append(level)
            for axis, pair in enumerate(own):
                numbers = 1 + torch.floor(modes * draw(TERMS))
                phases, length = 2 * pi * draw(TERMS), lengths[axis]
                self._profiles[axis].append(
                    _periodic(numbers, phases)
                    if pair is None
                    else _between(
                        pair, numbers, phases, length, level=axis, natural=natural
                    )
                )
                self._lifts[axis].append(_lift(pair, level, length))
        self._levels = torch.tensor(levels, dtype=torch.float64)

    def __call__(self, coords: Tensor, time: Tensor | float) -> Tensor:
        """Return the field.

        Args:
            coords: ``(1, axis, *space)`` or ``(points, axis)`` [m].
            time: time [s] that broadcasts against the result.
        """
        return self._steady(coords) + self._wave(coords, time, moving=False)

    def rate(self, coords: Tensor, time: Tensor | float) -> Tensor:
        """Return the derivative of the field in time."""
        return self._wave(coords, time, moving=True)

    def _steady(self, coords: Tensor) -> Tensor:
        result = _along_channels(self._levels, coords)
        for axis, lifts in enumerate(self._lifts):
            part = self._part(coords, axis)
            result = result + torch.cat([lift(part) for lift in lifts], dim=1)
        return result

    def _wave(self, coords: Tensor, time: Tensor | float, *, moving: bool) -> Tensor:
        terms = _along_channels(self._sizes, coords)
        for axis, profiles in enumerate(self._profiles):
            part = self._part(coords, axis)
            terms = terms * torch.cat([profile(part) for profile in profiles], dim=1)
        clock = torch.as_tensor(time, dtype=torch.float64) * self.rate_of_change
        angle = clock + _along_channels(self._phases, coords)
        if moving:
            terms = terms * (-SWAY * self.rate_of_change) * torch.sin(angle)
        else:
            terms = terms * (1 + SWAY * torch.cos(angle))
        return terms.unflatten(1, (self.channels, TERMS)).sum(2)

    def _part(self, coords: Tensor, axis: int) -> Tensor:
        """Return the fraction of an axis at which points lie."""
        return (coords[:, axis : axis + 1] - self._origin[axis]) / self._lengths[axis]


def _along_channels(values: Tensor, x: Tensor) -> Tensor:
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


def _periodic(numbers: Tensor, phases: Tensor) -> Profile:
    def profile(s: Tensor) -> Tensor:
        angle = 2 * pi * _along_channels(numbers, s) * s
        return torch.cos(angle + _along_channels(phases, s))

    return profile


def _between(
    pair: tuple[Side, Side],
    numbers: Tensor,
    phases: Tensor,
    length: float,
    *,
    level: int,
    natural: bool,
) -> Profile:
    """Return waves between two walls that meet their conditions with zero data."""
    symmetric = natural or any(side.exact for side in pair)
    plain = all(side.alpha == 0 or side.beta == 0 for side in pair)
    if symmetric and plain and all(side.asks for side in pair):
        return _symmetric(pair, numbers, level)
    return _bent(pair, numbers, phases, length)


def _symmetric(pair: tuple[Side, Side], numbers: Tensor, level: int) -> Profile:
    """Return sines about values and cosines about slopes.

    Between two slopes one of the waves is a level, another one along each axis: without
    it whatever is linear would integrate to nothing there.
    """
    odd = [side.beta == 0 for side in pair]
    half = numbers if odd[0] == odd[1] else numbers - 0.5
    if not any(odd):
        half = half.clone()
        half[level] = 0
    wave = torch.sin if odd[0] else torch.cos
    return lambda s: wave(pi * _along_channels(half, s) * s)


def _bent(
    pair: tuple[Side, Side], numbers: Tensor, phases: Tensor, length: float
) -> Profile:
    """Return waves less the polynomial that carries what the walls see of them."""
    wavenumbers = 2.2 * numbers

    def seen(side: Side, at: float, outward: float) -> Tensor:
        angle = wavenumbers * at + phases
        slope = -wavenumbers * torch.sin(angle) / length
        return side.alpha * torch.cos(angle) + outward * side.beta * slope

    data = torch.stack([seen(pair[0], 0.0, -1.0), seen(pair[1], 1.0, 1.0)])
    carried = _polynomial(pair, data, length)

    def profile(s: Tensor) -> Tensor:
        angle = _along_channels(wavenumbers, s) * s + _along_channels(phases, s)
        return torch.cos(angle) - carried(s)

    return profile


def _lift(pair: Pair, level: float, length: float) -> Profile:
    """Return the polynomial that meets what the level leaves of the walls' data."""
    if pair is None:
        return torch.zeros_like
    rest = [side.gamma - side.alpha * level for side in pair]
    if rest == [0.0, 0.0]:
        return torch.zeros_like
    data = torch.tensor([[value] for value in rest], dtype=torch.float64)
    return _polynomial(pair, data, length)


def _polynomial(pair: tuple[Side, Side], data: Tensor, length: float) -> Profile:
    """Return the lowest polynomials whose walls see the data, a column for each.

    Sides that ask for nothing take no part.
    """
    ends = ((pair[0], 0.0, -1.0), (pair[1], 1.0, 1.0))
    asked = [k for k, (side, _, _) in enumerate(ends) if side.asks]
    if not asked:
        return torch.zeros_like
    first = int(all(ends[k][0].alpha == 0 for k in asked))
    powers = range(first, first + len(asked))
    rows = [
        [
            side.alpha * at**p + outward * side.beta * p * at ** max(p - 1, 0) / length
            for p in powers
        ]
        for side, at, outward in (ends[k] for k in asked)
    ]
    matrix = torch.tensor(rows, dtype=torch.float64)
    weights = torch.linalg.solve(matrix, data[asked])

    def polynomial(s: Tensor) -> Tensor:
        terms = [
            _along_channels(weight, s) * s**power
            for weight, power in zip(weights, powers, strict=True)
        ]
        return torch.stack(terms).sum(0)

    return polynomial
