"""The equation at points, by automatic differentiation: what a grid is held against."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, cast

import torch
from torch import Tensor

from physbias.errors import ArgumentError
from physbias.numerics import Autodiff
from physbias.pdes import PDE, Derivatives

State = Callable[[Tensor, Tensor | float], Tensor]


class RecordingAutodiff(Autodiff):
    """Derivatives at points that remember what was asked for."""

    highest: int = 0
    asked_derived: bool = False

    @property
    def derived(self) -> Self:
        """The same derivatives, for what is made from the state."""
        self.asked_derived = True
        return self

    def partial(self, u: Tensor, axis: int, order: int = 1) -> Tensor:
        """Return the derivative of every channel along one space axis."""
        self.highest = max(self.highest, order)
        return super().partial(u, axis, order)

    def slope(self, w: Tensor, axis: int) -> Tensor:
        """Return the derivative of what was made of continued states."""
        return self.partial(w, axis)


class NotAtPointsError(Exception):
    """An equation that asks for something that only a grid has."""


@dataclass(frozen=True, slots=True)
class AtPoints:
    """An equation evaluated at points.

    Args:
        tendency: ``(points, channel)``: the tendency, or the residual of an equation
            that is steady.
        highest: highest derivative asked for in one step.
        derived: whether a derivative of what is made from the state was asked for,
            which has no datum at walls.
        state: the state there.
        rate: its derivative in time.
    """

    tendency: Tensor
    highest: int
    derived: bool
    state: Tensor
    rate: Tensor


def evolves(pde: PDE) -> bool:
    """Return whether an equation gives a tendency rather than a residual alone."""
    return type(pde).rhs is not PDE.rhs


def operator(pde: PDE, u: Tensor, d: Derivatives, multipliers: Tensor | None) -> Tensor:
    """Return the tendency, or the residual of a steady equation."""
    if evolves(pde):
        return pde.tendency(u, d, multipliers)
    return pde.residual(u, d)


def at_points(
    pde: PDE,
    state: State,
    coords: Tensor,
    time: float,
    *,
    pressure: State | None = None,
) -> AtPoints:
    """Return the equation at points.

    Args:
        pde: the equation.
        state: gives the state from coordinates and time.
        coords: ``(points, axis)`` [m].
        time: time [s].
        pressure: gives the multipliers of the constraints.

    Raises:
        NotAtPointsError: the equation asks for a projection, a Poisson solve, an
            integral or a symbol.
    """
    num_space = coords.shape[1]
    clock = torch.full_like(coords[:, :1], time)
    points = torch.cat([coords, clock], 1).detach().requires_grad_()
    where, when = points[:, :num_space], points[:, num_space:]
    d = RecordingAutodiff(points, num_space)
    u = state(where, when)
    multipliers = None
    if pde.constraints and pressure is not None:
        multipliers = pressure(where, when)
    try:
        value = operator(pde, u, cast(Derivatives, d), multipliers)
    except ArgumentError as error:
        if "found points, expected a grid" not in str(error):
            raise
        raise NotAtPointsError(str(error)) from error
    rate = d.t(u)
    return AtPoints(
        tendency=value.detach(),
        highest=d.highest,
        derived=d.asked_derived,
        state=u.detach(),
        rate=rate.detach(),
    )
