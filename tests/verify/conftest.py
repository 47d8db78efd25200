"""Schemes with one flaw each, and the grids that the probes are tried on."""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import pytest
import torch
from torch import Tensor

from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import FiniteDifference
from physbias.numerics.finite_difference import FiniteDifferenceDerivatives
from physbias.verify import verify
from physbias.verify.witness_boundary import BOUNDARY
from physbias.verify.witness_residual import RESIDUAL
from physbias.verify.witness_solver import SOLVER


class FlawedDerivatives(FiniteDifferenceDerivatives):
    """Central differences, but for ``partial`` or the clock."""

    flaw: Callable[..., Tensor] | None = None
    clock_stands_still = False

    @classmethod
    def like(cls, d, **flaws):
        result = cls.__new__(cls)
        result.__dict__.update({**d.__dict__, **flaws})
        return result

    def at(self, time, pairs=None):
        time = 0.0 if self.clock_stands_still else time
        flaws = {"flaw": self.flaw, "clock_stands_still": self.clock_stands_still}
        return self.like(super().at(time, pairs), **flaws)

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        if self.flaw is None:
            return super().partial(u, axis, order)
        return self.flaw(super().partial, self.grid, u, axis, order)


@dataclass(frozen=True)
class FlawedScheme:
    """A scheme of order 4 that gets one thing wrong."""

    flaw: Callable[..., Tensor] | None = None
    clock_stands_still: bool = False
    boundary: object = None
    order: int = 4

    def bind(self, grid, *, dtype=torch.float32, device=None):
        if self.boundary is not None:
            pairs = [
                pair if isinstance(pair[0], Periodic) else self.boundary
                for pair in grid.boundary
            ]
            grid = grid.with_boundary(pairs)
        d = FiniteDifference(4).bind(grid, dtype=dtype, device=device)
        return FlawedDerivatives.like(
            d, flaw=self.flaw, clock_stands_still=self.clock_stands_still
        )


def end_point_counted_twice(partial, grid, u, axis, order):
    """The spacing of a grid that repeats its end point."""
    count = grid.num_points[axis]
    return partial(u, axis, order) * ((count - 1) / count) ** order


def one_spacing_for_all(partial, grid, u, axis, order):
    """The spacing along x, along every axis."""
    ratio = grid.spacing[axis] / grid.spacing[0]
    return partial(u, axis, order) * ratio**order


def axes_swapped(partial, grid, u, axis, order):
    """Derivatives along y where x is asked for."""
    return partial(u, 1 - axis, order)


def half(partial, grid, u, axis, order):
    """A first derivative divided by 2 h where it should be h."""
    return partial(u, axis, order) / (2 if order == 1 else 1)


def one_sided(partial, grid, u, axis, order):
    """Upwind, whatever the wind."""
    if order == 1:
        return (u - u.roll(1, 2 + axis)) / grid.spacing[axis]
    return partial(u, axis, order)


def slopes_of_sample_zero(partial, grid, u, axis, order):
    """The slope of the first sample for all."""
    return partial(u, axis, order)[:1].expand_as(u)


FLAWS = {
    flaw.__name__: FlawedScheme(flaw)
    for flaw in (
        end_point_counted_twice,
        one_spacing_for_all,
        axes_swapped,
        half,
        one_sided,
        slopes_of_sample_zero,
    )
}
FLAWS["clock_stands_still"] = FlawedScheme(clock_stands_still=True)
FLAWS["values_taken_for_slopes"] = FlawedScheme(boundary=Neumann(0.0))
FLAWS["slopes_taken_for_values"] = FlawedScheme(boundary=Dirichlet(0.0))
FLAWS["another_value"] = FlawedScheme(boundary=Dirichlet(1.5))


@pytest.fixture
def flawed():
    """Schemes by the name of their flaw."""
    return FLAWS


@pytest.fixture
def line():
    return Grid((24,), (2 * pi,), boundary=Periodic())


@pytest.fixture
def plane():
    return Grid((14, 18), (2 * pi, 3.0), boundary=Periodic())


@pytest.fixture
def rod():
    """A line between two values that are not zero."""
    return Grid((24,), (1.3,), boundary=[(Dirichlet(1.0), Dirichlet(0.5))])


@pytest.fixture
def judge():
    """Hold an equation, a grid and the solver against a known solution."""

    def report(physics, grid, witness=None, **options):
        probes = (RESIDUAL, BOUNDARY, SOLVER)
        return verify(physics, grid, witness=witness, probes=probes, **options)

    return report


@pytest.fixture
def cooling():
    """Solutions of the heat equation that fade as one mode."""

    def fading(shape, diffusivity):
        """Return exp(-D pi^2 t) times a function of x of wavenumber pi."""

        def mode(coords, time):
            decay = torch.exp(-diffusivity * pi**2 * torch.as_tensor(time))
            return decay * shape(pi * coords[:, :1])

        return mode

    return fading
