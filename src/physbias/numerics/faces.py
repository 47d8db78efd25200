"""Where the components of a vector sit on a staggered grid, and its walls."""

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from physbias.errors import ArgumentError, explain
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.grid.conditions import Boundary, Mirror
from physbias.grid.edge_values import SIDES, Part
from physbias.grid.edges import Edges
from physbias.shapes import AXIS_NAMES

# times at which a function must give the same velocity across its wall [s]
TIMES = (0.0, 0.1234567, 1.7320508, 54.5981500)
# relative change between them that is put down to rounding
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Faces:
    """The components of a vector on the lower faces of the cells, with their walls.

    Args:
        across: for each component, its conditions on the grid of the cells, which
            hold where it crosses a wall.
        along: for each component, the same on the grid of the places where it sits,
            half a cell lower along its own axis.

    Raises:
        ArgumentError: a condition that gives no velocity on its wall, or a velocity
            across it that changes with time.
    """

    across: tuple[Grid, ...]
    along: tuple[Grid, ...]

    @staticmethod
    def of(edges: Edges, device: torch.device) -> "Faces":
        """Return the faces of a grid whose edges know one vector field.

        Args:
            edges: conditions of that field.
            device: where functions on edges get their coordinates.
        """
        ndim = edges.grid.ndim
        across = tuple(edges.component(axis).grid for axis in range(ndim))
        for axis, grid in enumerate(across):
            _check_conditions(grid)
            for side, wall in enumerate(grid.boundary[axis]):
                _check_steady(wall, grid, axis, side, device)
        along = tuple(_lowered(grid, axis) for axis, grid in enumerate(across))
        return Faces(across, along)

    def at_rest(self) -> "Faces":
        """Return the same with walls at rest, which rates of change meet."""
        return Faces(
            tuple(map(_without_values, self.across)),
            tuple(map(_without_values, self.along)),
        )

    @property
    def are_shut(self) -> bool:
        """Whether no wall is known to let anything through."""
        return all(
            isinstance(speed := _value(wall), float) and not speed
            for axis, grid in enumerate(self.across)
            for wall in grid.boundary[axis]
        )

    def closed(self, u: Tensor, axis: int, time: Tensor | float) -> Tensor:
        """Return one component on all faces along its own axis, walls included.

        Args:
            u: the component on its axis, ``(batch, 1, *space)``.
            axis: 0 for x.
            time: time [s] at which values on walls are taken.

        Shape:
            result: one more face than cells along the axis. The first and the last
            face of a periodic axis are the same.
        """
        dim = 2 + axis
        first = u.narrow(dim, 0, 1)
        if isinstance(self.across[axis].boundary[axis][0], Periodic):
            return torch.cat([u, first], dim)
        lower, upper = self._speeds(first, axis, time)
        return torch.cat([lower, u.narrow(dim, 1, u.shape[dim] - 1), upper], dim)

    def _speeds(
        self, first: Tensor, axis: int, time: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        """Return the velocities across the lower and the upper wall of an axis."""
        lower, upper = map(_value, self.across[axis].boundary[axis])
        if isinstance(lower, float) and isinstance(upper, float):
            return torch.full_like(first, lower), torch.full_like(first, upper)
        # a ghost that mirrors a zero in a wall is twice the value there
        ghosts = self.across[axis].pad(torch.zeros_like(first), axis, 1, time=time)
        dim = 2 + axis
        return ghosts.narrow(dim, 0, 1) / 2, ghosts.narrow(dim, 2, 1) / 2

    def pad(self, u: Tensor, component: int, axis: int, time: Tensor | float) -> Tensor:
        """Return one component with a ghost on both sides of an axis along its walls.

        Args:
            u: the component, ``(batch, 1, *space)``.
            component: its axis, 0 for x.
            axis: another axis.
            time: time [s] at which values on walls are taken.
        """
        return self.along[component].pad(u, axis, 1, time=time)

    @torch.no_grad()
    def check_balance(self, v: Tensor, time: Tensor | float) -> None:
        """Raise where more flows in through the walls than out.

        Args:
            v: vector on the faces, by whose size rounding is judged.
            time: time [s] at which values on walls are taken.

        Raises:
            ArgumentError: a net flow through the walls.
        """
        box = self.across[0]
        size = v.flatten(1).abs().amax(1) / max(box.lengths)
        net = torch.zeros_like(size)
        for axis, (wall, _) in enumerate(box.boundary):
            if isinstance(wall, Periodic):
                continue
            first = v.narrow(1, axis, 1).narrow(2 + axis, 0, 1)
            lower, upper = self._speeds(first, axis, time)
            net = net + (lower - upper).flatten(1).mean(1) / box.lengths[axis]
            through = (lower.abs() + upper.abs()).flatten(1).amax(1)
            size = size + through / box.lengths[axis]
        wrong = net.abs() > 1e3 * torch.finfo(v.dtype).eps * size
        if bool(wrong.any()):
            sample = int(wrong.nonzero()[0, 0])
            flow = net[sample].item() * prod(box.lengths)
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"walls that let {flow:.6g} m^{box.ndim}/s more in than out "
                    f"(sample {sample})",
                    expected="as much in as out, because the flow has no divergence",
                    remedy="subtract the net flow, spread over the walls that let it "
                    "through; one number holds for every component, so for a wall that "
                    "slides give one per component, such as "
                    f"Dirichlet({(1.0,) + (0.0,) * (box.ndim - 1)})",
                )
            )


def _lowered(grid: Grid, axis: int) -> Grid:
    """Return a grid moved down by half a cell along one axis."""
    origin = list(grid.origin)
    origin[axis] -= grid.spacing[axis] / 2
    return Grid(grid.num_points, grid.lengths, boundary=grid.boundary, origin=origin)


def _without_values(grid: Grid) -> Grid:
    def still(wall: Boundary) -> Boundary:
        return Dirichlet(0.0) if isinstance(wall, Dirichlet) else wall

    return grid.with_boundary([(still(a), still(b)) for a, b in grid.boundary])


def _value(wall: Boundary) -> object:
    """Return the velocity across a wall, a number where it is one."""
    value = wall.value if isinstance(wall, Dirichlet) else 0.0
    if isinstance(value, Part) and isinstance(value.value, tuple):
        return value.value[value.start if len(value.value) > 1 else 0]
    return value


def _check_conditions(grid: Grid) -> None:
    for axis, pair in enumerate(grid.boundary):
        for side, wall in enumerate(pair):
            if isinstance(wall, Periodic | Mirror | Dirichlet):
                continue
            raise ArgumentError(
                explain(
                    "boundary",
                    found=f"{type(wall).__name__} for the velocity on the "
                    f"{SIDES[side]} side of {AXIS_NAMES[axis]}",
                    expected="Periodic(), Dirichlet(velocity) or Symmetry(): a "
                    "staggered grid knows the velocity across each of its walls",
                    remedy="give the velocity with which the flow enters or leaves as "
                    "Dirichlet values, as much in as out",
                )
            )


@torch.no_grad()
def _check_steady(
    wall: Boundary, grid: Grid, axis: int, side: int, device: torch.device
) -> None:
    """Raise where a function gives a velocity across its wall that changes."""
    part = wall.value if isinstance(wall, Dirichlet) else None
    if not isinstance(part, Part) or isinstance(part.value, Tensor | tuple):
        return
    coords = grid.edge_coords(axis, side, dtype=torch.float64, device=device)
    first, change, size = None, 0.0, 0.0
    for instant in TIMES:
        now = torch.tensor(instant, dtype=torch.float64)
        value = torch.as_tensor(part.value(coords, now))
        size = max(size, float(value.abs().max()))
        dim = value.ndim - grid.ndim  # of the channels, where there are any
        if dim >= 0 and value.shape[dim] > 1:
            value = value.narrow(dim, part.start, 1)
        first = value if first is None else first
        change = max(change, float((value - first).abs().max()))
    if change > ROUNDING * size:
        raise ArgumentError(
            explain(
                "boundary",
                found="a velocity across the wall that changes with time, on the "
                f"{SIDES[side]} side of {AXIS_NAMES[axis]}",
                expected="one that does not; velocities along walls may change",
                remedy="keep the component across the wall the same at all times",
            )
        )
