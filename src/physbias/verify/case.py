"""What all probes share: the equation, its grids, fields and settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from physbias.grid import Grid
from physbias.numerics import (
    DormandPrince,
    GridDerivatives,
    Scheme,
    SemiDiscrete,
    Stepper,
    ritz_values,
)
from physbias.pdes import PDE, Derivatives
from physbias.verify.fields import ManufacturedField
from physbias.verify.points import AtPoints, State, at_points, evolves, operator
from physbias.verify.sides import Side, channel_sides, smooth_grid, walls

F64 = torch.float64
TIME = 0.37  # away from zero, where a clock that stands still would not show
BATCH = 3
MOST_POINTS = 4096
# points of the coarsest level along each axis, in halves; the counts differ so that
# axes cannot be confused
HALVES = {1: (16,), 2: (12, 14), 3: (6, 7, 8)}
LEVELS = (2, 3, 4)
FASTEST_TIMES = 8.0
Invariants = Callable[[Tensor, Derivatives], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Case:
    """An equation on a grid, and how it is to be probed.

    Args:
        pde: the equation, in float64.
        grid: where states live.
        scheme: how derivatives are taken.
        stepper: how time is stepped.
        witness: a known solution, if there is one; it may give the multipliers of
            the constraints after the state.
        symmetries: names of the symmetries that the equation must have.
        conserved: gives invariants besides the equation's own.
        mean: level of each channel about which fields are manufactured.
        amplitude: size of the manufactured fields.
        order: order that the scheme promises; None to ask the scheme.
        duration: span of the comparison with the witness [s]; None to choose it.
        start: time at which that starts [s].
        seed: of the manufactured fields.
    """

    pde: PDE
    grid: Grid
    scheme: Scheme
    stepper: Stepper | DormandPrince
    witness: State | None = None
    symmetries: tuple[str, ...] = ()
    conserved: Invariants | None = None
    mean: tuple[float, ...] = (0.0,)
    amplitude: float = 1.0
    order: float | None = None
    duration: float | None = None
    start: float = 0.0
    seed: int = 0

    @property
    def ndim(self) -> int:
        """Number of space axes."""
        return self.grid.ndim

    @property
    def channels(self) -> int:
        """Number of channels of a state."""
        return self.pde.num_channels(self.ndim)

    @property
    def evolves(self) -> bool:
        """Whether the equation gives a tendency."""
        return evolves(self.pde)

    @cached_property
    def nominal_order(self) -> float:
        """Order that the scheme promises; infinity for a spectral one."""
        if self.order is not None:
            return self.order
        return float(getattr(self.scheme, "order", 1))

    @property
    def spectral(self) -> bool:
        """Whether the scheme converges faster than any order.

        Between walls it does for fields that are odd about a value and even about a
        slope, and with such it is probed.
        """
        return float(getattr(self.scheme, "order", 1)) == float("inf")

    @cached_property
    def smooth_grid(self) -> Grid:
        """The grid, with data of zero where no smooth field is sure to meet them."""
        return smooth_grid(self.pde, self.grid)

    @cached_property
    def holds_fields(self) -> bool:
        """Whether a coefficient is a field on the grid's own points."""
        points = self.grid.num_points
        held = (*self.pde.parameters(), *self.pde.buffers())
        return any(
            c.ndim > self.ndim and tuple(c.shape[-self.ndim :]) == points for c in held
        )

    @cached_property
    def base(self) -> Grid:
        """The user's grid, or a coarser one of the same box where that is large."""
        total = torch.tensor(self.grid.num_points).prod()
        if self.holds_fields or int(total) <= MOST_POINTS:
            return self.smooth_grid
        return self.level(LEVELS[-1])

    def level(self, size: int, *, own_data: bool = False) -> Grid:
        """Return a grid of the same box, with more points for a larger size.

        Args:
            size: half the points relative to the coarsest grid there is.
            own_data: keep the user's data at the walls, also where no manufactured
                field is sure to meet them.

        Raises:
            ShapeError: own data that are tensors on the points of an edge.
        """
        grid = self.grid if own_data else self.smooth_grid
        counts = tuple(size * half for half in HALVES[self.ndim])
        return Grid(counts, grid.lengths, boundary=grid.boundary, origin=grid.origin)

    def field(
        self, seed: int = 0, *, natural: bool = False, rate: float = 1.0
    ) -> ManufacturedField:
        """Return a manufactured state."""
        grid = self.smooth_grid
        return ManufacturedField(
            channel_sides(self.pde, grid),
            grid.lengths,
            grid.origin,
            seed=100 * self.seed + seed,
            rate=rate,
            mean=self.mean,
            amplitude=self.amplitude,
            natural=natural or self.spectral,
            modes=1 if self.ndim == 3 else 2,
        )

    def pressure(self) -> ManufacturedField | None:
        """Return manufactured multipliers, if the equation has constraints."""
        if not self.pde.constraints:
            return None
        level = Side(0.0, 1.0, 0.0, exact=True)
        sides = [
            None if a not in walls(self.grid) else (level, level)
            for a in range(self.ndim)
        ]
        return ManufacturedField(
            [sides] * self.pde.num_multipliers,
            self.grid.lengths,
            self.grid.origin,
            seed=100 * self.seed + 99,
            modes=1,
        )

    def bind(self, grid: Grid) -> GridDerivatives:
        """Return the scheme on a grid."""
        return self.scheme.bind(grid, dtype=F64).bound_to(self.pde.fields)

    def states(self, grid: Grid, count: int = BATCH) -> Tensor:
        """Return a batch of manufactured states that the constraints allow."""
        coords = grid.coords(dtype=F64)
        u = torch.cat([self.field(n)(coords, TIME) for n in range(count)])
        return self.system(grid).admit(u)

    def system(self, grid: Grid) -> SemiDiscrete:
        """Return the equation on a grid."""
        return SemiDiscrete(self.pde, self.bind(grid))

    def on_grid(
        self,
        grid: Grid,
        state: State,
        time: float = TIME,
        *,
        derivatives: GridDerivatives | None = None,
    ) -> Tensor:
        """Return the equation on a grid, given the same multipliers as at points."""
        d = (derivatives or self.bind(grid)).at(time)
        coords = grid.coords(dtype=F64)
        pressure = self.pressure()
        multipliers = None if pressure is None else pressure(coords, time)
        u = state(coords, time)
        return operator(self.pde, u, d, multipliers)

    def at_points(self, state: State, coords: Tensor, time: float = TIME) -> AtPoints:
        """Return the equation at points."""
        return at_points(self.pde, state, coords, time, pressure=self.pressure())

    def on_grid_by_points(
        self, grid: Grid, state: State, time: float = TIME
    ) -> AtPoints:
        """Return the equation at the points of a grid, without the grid's scheme."""
        coords = grid.coords(dtype=F64).flatten(2)[0].T
        return self.at_points(state, coords, time)

    def spectral_radius(self, grid: Grid) -> float:
        """Return the fastest rate of the equation on a grid [1/s]; 1 if it has none."""
        system, u = self.system(grid), self.states(grid, 1)
        with torch.no_grad():
            values = ritz_values(lambda w: system(w, TIME), u)
        radius = float(values.abs().max())
        return radius if radius > 0 else 1.0

    @cached_property
    def span(self) -> float:
        """Length of the comparison with the witness [s].

        If not given, some of the fastest times of a coarse grid.
        """
        if self.duration is not None:
            return self.duration
        if not self.evolves:
            return 0.0
        grid = self.base if self.holds_fields else self.level(LEVELS[0])
        return FASTEST_TIMES / self.spectral_radius(grid)

    @cached_property
    def has_walls(self) -> bool:
        """Whether any axis has walls."""
        return bool(walls(self.grid))


def as_grid(values: Tensor, grid: Grid) -> Tensor:
    """Return values at the points of a grid ``(points, channel)`` as a state."""
    return values.T.reshape(1, values.shape[1], *grid.num_points)


def largest(values: Tensor) -> float:
    """Return the largest magnitude."""
    return float(values.detach().abs().max())


def size(values: Tensor) -> float:
    """Return the largest magnitude to divide by, never zero."""
    return max(largest(values), torch.finfo(F64).tiny)
