"""Spectral derivatives between walls, by sines and cosines."""

from math import pi

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Grid
from physbias.grid.conditions import (
    AxisBoundary,
    Boundary,
    Dirichlet,
    Mirror,
    Neumann,
    Outflow,
    PerField,
    Periodic,
    Symmetry,
)
from physbias.grid.edge_values import SIDES, Part
from physbias.grid.edges import Edges
from physbias.numerics.derivatives import GridDerivatives
from physbias.pdes import Coefficient, Place
from physbias.shapes import AXIS_NAMES

# one image turns two walls of a kind into a period; a mixed pair needs three
IMAGES = (1, 2, 4)
Parity = tuple[bool, bool]


class SineCosineDerivatives(GridDerivatives):
    """Sine, cosine and Fourier derivatives on a grid with walls.

    Made by :meth:`Spectral.bind`. A field is the lowest polynomial that meets the data
    of its walls plus a rest that is odd about a value and even about a slope. The rest
    is reflected in the walls and differentiated by Fourier modes, which are then the
    sines and cosines of the cell centres.

    Args:
        grid: where states live.
        coords: coordinates of its points [m].
        keep: fraction of the modes of each axis that products may fill; None for all.
        symbols: multipliers by axis, number of images and order; made if not given.
        time: time [s].
        pairs: set where states of neighbouring times are folded into the batch.
        edges: the grid's edges as the fields meet them.
    """

    def __init__(
        self,
        grid: Grid,
        coords: Tensor,
        *,
        keep: float | None,
        symbols: dict[tuple[int, int, int], Tensor] | None = None,
        edges: Edges | None = None,
    ) -> None:
        super().__init__(grid, coords, edges=edges)
        self.keep = keep
        self._symbols_of = symbols or {
            (axis, images, order): self._multiplier(axis, images, order)
            for axis in range(grid.ndim)
            for images in ((1,) if self._wraps(axis) else IMAGES[1:])
            for order in (0, 1, 2, 3, 4)
        }

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.
            order: order of the derivative, at least 1.

        Raises:
            ArgumentError: ``u`` is no field of the state, so that walls do not say
                whether it is odd or even.
        """
        self._check_axis(axis, order)
        if self._wraps(axis):
            return self._multiplied(u, axis, 1, order)
        results = []
        for part, pair in self._runs(u, axis):
            lift = self._lift(pair, part, axis)
            rest = part - lift[0] if lift else part
            result = self._between(rest, _parity(pair), axis, order)
            results.append(result + lift[order] if order < len(lift) else result)
        return results[0] if len(results) == 1 else torch.cat(results, dim=1)

    def diffuse(self, u: Tensor, a: Tensor) -> Tensor:
        """Return ``div(a grad u)`` of a single channel.

        Args:
            u: state of one channel.
            a: coefficient, one channel, that varies in space; even about walls.
        """
        a = a.expand(len(a), 1, *self.grid.num_points)
        total = torch.zeros_like(u)
        for axis in range(self.ndim):
            if self._wraps(axis):
                rise = self._multiplied(a, axis, 1, 1)
            else:
                rise = self._between(a, (False, False), axis, 1)
            total = total + a * self.partial(u, axis, 2) + rise * self.partial(u, axis)
        return total

    def dealias(self, u: Tensor) -> Tensor:
        """Return ``u`` without the modes that products of states would alias into.

        Args:
            u: a tendency, or anything else that is zero where walls hold values.
        """
        return self._filtered(u, data=False)

    def dealias_state(self, u: Tensor) -> Tensor:
        """Return a state without those modes, as it meets the data of its walls.

        Args:
            u: state.
        """
        return self._filtered(u, data=True)

    def continued(self, u: Tensor, axis: int) -> Tensor:
        """Return a state with its images in the walls of an axis.

        Args:
            u: state.
            axis: 0 for x, 1 for y, 2 for z.

        Raises:
            ArgumentError: walls that hold anything but zeros, in which a flux has no
                image.
        """
        if self._wraps(axis):
            return u
        images = []
        for part, pair in self._runs(u, axis):
            for side, condition in enumerate(pair):
                self._check_zero(condition, axis, side)
            dim = part.ndim - self.ndim + axis
            images.append(_reflected(part, dim, _parity(pair), IMAGES[-1]))
        return images[0] if len(images) == 1 else torch.cat(images, dim=1)

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative, on the grid, of what was made of continued states.

        Args:
            w: made of what :meth:`continued` gives for the same axis.
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self._multiplied(w, axis, 1 if self._wraps(axis) else IMAGES[-1], 1)

    def continued_place(self, axis: int) -> Place:
        """Return the place of the images, in which coefficients are even.

        Args:
            axis: 0 for x, 1 for y, 2 for z.
        """
        return self if self._wraps(axis) else _Images(self, axis)

    def _filtered(self, u: Tensor, *, data: bool) -> Tensor:
        if self.keep is None:
            return u
        for axis in range(self.ndim):
            if self._wraps(axis):
                u = self._multiplied(u, axis, 1, 0)
                continue
            results = []
            for part, pair in self._runs(u, axis):
                lift = self._lift(pair, part, axis)[:1] if data else []
                rest = part - lift[0] if lift else part
                result = self._between(rest, _parity(pair), axis, 0)
                results.append(result + lift[0] if lift else result)
            u = results[0] if len(results) == 1 else torch.cat(results, dim=1)
        return u

    def _between(self, u: Tensor, parity: Parity, axis: int, order: int) -> Tensor:
        """Return a derivative of a field with a parity in each wall; filtered at 0."""
        images = 2 if parity[0] == parity[1] else 4
        dim = u.ndim - self.ndim + axis
        return self._multiplied(_reflected(u, dim, parity, images), axis, images, order)

    def _multiplied(self, w: Tensor, axis: int, images: int, order: int) -> Tensor:
        """Return what a multiplier makes of a period, on the grid."""
        dim = w.ndim - self.ndim + axis
        symbol = self._symbols_of.get((axis, images, order))
        if symbol is None:
            symbol = self._multiplier(axis, images, order)
        shape = [1] * w.ndim
        shape[dim] = -1
        modes = torch.fft.rfft(w, dim=dim) * symbol.reshape(shape)
        period = torch.fft.irfft(modes, n=w.shape[dim], dim=dim)
        return period.narrow(dim, 0, self.grid.num_points[axis])

    def _multiplier(self, axis: int, images: int, order: int) -> Tensor:
        """Return the multiplier of a derivative; of order 0, that of the filter."""
        count = images * self.grid.num_points[axis]
        index = torch.arange(count // 2 + 1, dtype=torch.float64)
        if order == 0:
            keep = 1.0 if self.keep is None else self.keep
            return (index < keep * count / 2).to(self.coords)
        wavenumber = index * (2 * pi / (count * self.grid.spacing[axis]))
        real = ((-1) ** (order // 2) * wavenumber**order).to(self.coords)
        return 1j * real if order % 2 else real  # irfft drops what is not real

    def _runs(self, u: Tensor, axis: int) -> list[tuple[Tensor, AxisBoundary]]:
        """Return runs of channels that meet the same conditions, with these."""
        parts = self.edges.parts(u, axis)
        split = u.split([size for _, size in parts], 1)
        result = []
        for (grid, _), part in zip(parts, split, strict=True):
            pair = [grid.for_channels(side, part) for side in grid.boundary[axis]]
            if any(isinstance(side, Outflow) for side in pair):
                raise ArgumentError(
                    explain(
                        "d.derived",
                        found="what is no field of the state, between walls along "
                        f"{AXIS_NAMES[axis]}",
                        expected="a field, whose walls say whether sines or cosines "
                        "fit it",
                        remedy="write the term with derivatives of fields alone, or "
                        "use FiniteDifference or Compact",
                    )
                )
            result.append((part, (pair[0], pair[1])))
        return result

    def _lift(self, pair: AxisBoundary, u: Tensor, axis: int) -> list[Tensor]:
        """Return the lowest polynomial with the data of two walls, and its slopes.

        Nothing where all data are zero.
        """
        if not any(map(any, map(_held, pair))):
            return []
        shape = [1, -1, *[1] * self.ndim]
        low, high = (
            torch.tensor(_held(side), dtype=u.dtype, device=u.device).reshape(shape)
            for side in pair
        )
        length, place = self.grid.lengths[axis], self.coords[:, axis : axis + 1]
        for other in range(self.ndim):
            place = place if other == axis else place.narrow(2 + other, 0, 1)
        place = place - self.grid.origin[axis]
        match _parity(pair):
            case (True, True):
                rise = (high - low) / length
                return [low + rise * place, rise]
            case (True, False):
                return [low + high * place, high]
            case (False, True):
                return [high + low * (length - place), -low]
            case _:
                bend = (low + high) / length
                return [bend * place**2 / 2 - low * place, bend * place - low, bend]

    def _check_zero(self, condition: Boundary, axis: int, side: int) -> None:
        if any(_held(condition)):
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"{condition!r} on the {SIDES[side]} side of "
                    f"{AXIS_NAMES[axis]}",
                    expected="zeros, for a flux or a product to have an image in the "
                    "wall",
                    remedy="subtract what the walls hold from the state, or use "
                    "FiniteDifference or Compact",
                )
            )

    def _wraps(self, axis: int) -> bool:
        return isinstance(self.grid.boundary[axis][0], Periodic)


class _Images:
    """Where a state and its images are; a coefficient that varies is even there."""

    def __init__(self, d: SineCosineDerivatives, axis: int) -> None:
        self.d = d
        self.axis = axis

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return self.d.ndim

    def coefficient(self, value: Coefficient) -> Coefficient:
        """Return a coefficient in a shape that multiplies a state and its images."""
        value = self.d.coefficient(value)
        if not isinstance(value, Tensor) or value.ndim == 0:
            return value
        dim = value.ndim - self.ndim + self.axis
        if value.shape[dim] == 1:
            return value
        return _reflected(value, dim, (False, False), IMAGES[-1])


def check_walls(grid: Grid) -> None:
    """Raise unless sines and cosines fit the walls of a grid.

    Args:
        grid: a grid with walls.

    Raises:
        ArgumentError: a wall of another kind, or whose values vary.
    """
    for axis, pair in enumerate(grid.boundary):
        for side, whole in enumerate(pair):
            named = isinstance(whole, PerField)
            for condition in whole.conditions.values() if named else (whole,):
                _check_wall(condition, f"the {SIDES[side]} side of {AXIS_NAMES[axis]}")


def _check_wall(condition: Boundary, where: str) -> None:
    if not isinstance(condition, Periodic | Dirichlet | Neumann | Symmetry):
        raise ArgumentError(
            explain(
                "grid",
                found=f"{condition!r} on {where}",
                expected="Periodic, Dirichlet, Neumann or Symmetry for the spectral "
                "scheme: sines and cosines meet no other condition",
                remedy="use FiniteDifference or Compact",
            )
        )
    if not all(isinstance(value, float | tuple) for value in condition.data):
        raise ArgumentError(
            explain(
                "grid",
                found=f"values that vary on {where}",
                expected="numbers, one or one per channel, for the spectral scheme",
                remedy="use FiniteDifference or Compact",
            )
        )


def _parity(pair: AxisBoundary) -> Parity:
    """Return whether what is left of a field is odd about each wall."""
    lower, upper = (
        isinstance(side, Dirichlet) or (isinstance(side, Mirror) and side.sign < 0)
        for side in pair
    )
    return lower, upper


def _reflected(u: Tensor, dim: int, parity: Parity, images: int) -> Tensor:
    """Return a field followed by its images, a whole number of periods."""
    image = u.flip(dim)
    pair = torch.cat([u, -image if parity[1] else image], dim)
    if images == 2:
        return pair
    return torch.cat([pair, pair if parity[0] == parity[1] else -pair], dim)


def _held(side: Boundary) -> tuple[float, ...]:
    """Return the value or outward slope at a wall, one number or one per channel."""
    value = side.data[0] if side.data else 0.0
    if isinstance(value, Part):  # of one number per channel: single ones are kept
        several = len(value.value) > 1
        end = value.start + value.size
        return value.value[value.start : end] if several else value.value
    return value if isinstance(value, tuple) else (value,)
