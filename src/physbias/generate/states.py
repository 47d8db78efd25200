"""Random initial states, by what the equations ask of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, cast

import torch
from jaxtyping import Float
from torch import Tensor

from physbias.arguments import check_kind, check_numbers, check_positive
from physbias.errors import ArgumentError, explain
from physbias.generate.fields import random_field
from physbias.grid import Grid
from physbias.numerics import Spectral
from physbias.pdes import PDE, Brusselator, CompressibleEuler


class InitialState(Protocol):
    """Draws the initial state of one sample."""

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return a state.

        Args:
            pde: the equation with the sample's parameters.
            grid: where states live.
            generator: the only source of randomness.
        """
        ...


@dataclass(frozen=True, slots=True)
class RandomWaves:
    """Every channel is a random field of its own about a level.

    Args:
        modes: waves over the shortest side at most, see :func:`random_field`.
        amplitude: standard deviation of each field [its unit], by name where they
            differ; fields that a mapping leaves out are zero.
        level: mean of every channel [its unit].
    """

    modes: int
    amplitude: float | Mapping[str, float] = 1.0
    level: float = 0.0

    def __post_init__(self) -> None:
        sizes = self.amplitude
        each = sizes.values() if isinstance(sizes, Mapping) else (sizes,)
        check_numbers("amplitude", *each)
        check_numbers("level", self.level)

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        if isinstance(self.amplitude, Mapping):
            _check_names("amplitude", self.amplitude, pde.fields)
        u = random_field(grid, pde.num_channels(grid.ndim), generator, modes=self.modes)
        for name, where in pde.channels(grid.ndim).items():
            size = self.amplitude
            u[:, where] *= size.get(name, 0.0) if isinstance(size, Mapping) else size
        return self.level + u


@dataclass(frozen=True, slots=True)
class RandomPatches:
    r"""Patches with soft borders where a random field R is high.

    Each field is :math:`a + (b - a)\,\sigma(s (R - c))`, which lies between its value
    a outside the patches and b inside, with the logistic function
    :math:`\sigma`.

    Args:
        modes: of R, see :func:`random_field`.
        outside: value of each field outside, by name.
        inside: value of each field inside, by name.
        threshold: :math:`c`; 1 makes patches of a sixth of the box, on average.
        sharpness: :math:`s`.
    """

    modes: int
    outside: Mapping[str, float]
    inside: Mapping[str, float]
    threshold: float = 1.0
    sharpness: float = 3.0

    def __post_init__(self) -> None:
        for name, sides in (("outside", self.outside), ("inside", self.inside)):
            check_kind(sides, name, Mapping, remedy="give a value for each field")
            check_numbers(name, *sides.values())
        _check_names("inside", self.inside, self.outside)
        _check_names("outside", self.outside, self.inside)
        check_numbers("threshold", self.threshold)
        check_numbers("sharpness", self.sharpness)

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        height = random_field(grid, 1, generator, modes=self.modes)
        share = torch.sigmoid(self.sharpness * (height - self.threshold))
        parts = {
            name: outside + (self.inside[name] - outside) * share
            for name, outside in self.outside.items()
        }
        return pde.join(**parts)


@dataclass(frozen=True, slots=True)
class NearRest:
    """The Brusselator's state of rest (A, B/A) times one plus a small random field.

    Args:
        modes: see :func:`random_field`.
        amplitude: standard deviation relative to the state of rest [1].
    """

    modes: int
    amplitude: float

    def __post_init__(self) -> None:
        check_numbers("amplitude", self.amplitude)

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        check_kind(pde, "pde", Brusselator, remedy="use RandomWaves for others")
        pde = cast(Brusselator, pde)
        feed, control = float(pde.feed), float(pde.control)
        waves = 1 + self.amplitude * random_field(grid, 2, generator, modes=self.modes)
        return pde.join(
            activator=feed * waves[:, :1], inhibitor=control / feed * waves[:, 1:]
        )


@dataclass(frozen=True, slots=True)
class RandomGas:
    """A gas whose density, pressure and velocity vary.

    Density [kg/m³] and pressure [Pa] are exponentials of random fields, and so are
    positive; the velocity [m/s] is a random field.

    Args:
        modes: see :func:`random_field`.
        contrast: standard deviation of the logarithms [1].
        speed: standard deviation of each velocity component [m/s].
    """

    modes: int
    contrast: float
    speed: float

    def __post_init__(self) -> None:
        check_numbers("contrast", self.contrast)
        check_numbers("speed", self.speed)

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        remedy = "use RandomWaves for others"
        check_kind(pde, "pde", CompressibleEuler, remedy=remedy)
        waves = random_field(grid, grid.ndim + 2, generator, modes=self.modes)
        positive = torch.exp(self.contrast * waves[:, :2])
        density, pressure = positive[:, :1], positive[:, 1:]
        w = torch.cat([density, self.speed * waves[:, 2:], pressure], dim=1)
        place = Spectral(None).bind(grid, dtype=w.dtype)
        return cast(CompressibleEuler, pde).conserved(w, place)


@dataclass(frozen=True, slots=True)
class RandomWater:
    """Water at rest whose depth, an exponential of a random field, varies.

    Args:
        modes: see :func:`random_field`.
        depth: typical depth [m].
        contrast: standard deviation of the depth's logarithm [1].
    """

    modes: int
    depth: float
    contrast: float

    def __post_init__(self) -> None:
        check_positive(self.depth, "depth", remedy="give the typical depth [m]")
        check_numbers("contrast", self.contrast)

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        waves = random_field(grid, 1, generator, modes=self.modes)
        depth = self.depth * torch.exp(self.contrast * waves)
        still = torch.zeros(1, grid.ndim, *grid.num_points, dtype=torch.float64)
        return pde.join(depth=depth, discharge=still)


@dataclass(frozen=True, slots=True)
class RandomLight:
    """Random electric and magnetic fields without divergence, so without charges.

    They are the curls that Maxwell's equations take of random fields, scaled to a
    mean square of one per component that varies.

    Args:
        modes: see :func:`random_field`.
    """

    modes: int

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        potentials = random_field(grid, 6, generator, modes=self.modes)
        u = pde.rhs(potentials, Spectral(None).bind(grid, dtype=potentials.dtype))
        return u / u.square().mean().sqrt()


@dataclass(frozen=True, slots=True)
class OwnState:
    """What the equation itself gives as ``initial_state(grid, generator)``."""

    name: str = field(default="initial_state")

    def __call__(
        self, pde: PDE, grid: Grid, generator: torch.Generator
    ) -> Float[Tensor, "1 channel *space"]:
        """Return the state of a sample."""
        make = getattr(pde, self.name, None)
        if make is None:
            raise ArgumentError(
                explain(
                    "pde",
                    found=f"no {self.name} in {type(pde).__name__}",
                    expected="a method of this name, called with grid and generator",
                    remedy="write it, or use RandomWaves",
                )
            )
        return make(grid, generator)


def _check_names(
    name: str, given: Mapping[str, float], fields: Collection[str]
) -> None:
    unknown = [repr(field) for field in given if field not in fields]
    if unknown:
        raise ArgumentError(
            explain(
                name,
                found=f"a value for {', '.join(unknown)}",
                expected=f"fields out of {', '.join(fields) or 'none'}",
                remedy="correct the name",
            )
        )
