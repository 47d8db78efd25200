"""Manufactured states between every pair of walls, with derivatives by hand.

Imported by the scripts that measure orders in space. Everything is in float64 on an
anisotropic plane.
"""

from math import pi

import torch
from torch import Tensor

import physbias as pb

F64 = torch.float64
LENGTHS = (1.0, 1.7)
TIME, PACE = 0.6, 0.5
PHASES = 8
# sine of a phase below which an extremum is near
FLAT = 0.7
# cells at a wall whose errors count as those of its closure
BESIDE = 2
PERIODIC = ("Periodic", "Periodic")
PAIRS = (
    PERIODIC,
    ("Dirichlet", "Dirichlet"),
    ("Neumann", "Neumann"),
    ("Robin", "Robin"),
    ("Symmetry", "Symmetry"),
    ("Inflow", "Inflow"),
    ("Outflow", "Outflow"),
    ("Inflow", "Outflow"),
    ("Dirichlet", "Neumann"),
    ("Dirichlet", "Robin"),
    ("Dirichlet", "Outflow"),
    ("Neumann", "Robin"),
    ("Symmetry", "Dirichlet"),
    ("Symmetry", "Neumann"),
    ("Symmetry", "Outflow"),
)


class State:
    """A manufactured state between a pair of walls along x and its mirror along y.

    It is a product of cosines, one sample for each of several phases. At planes of
    symmetry the phases are fixed: one component of a vector is odd there, one even.

    Args:
        pair: kinds of the lower and the upper wall along x.
        waves: that fit along each axis; a little less where nothing asks for a period.
        power: of the rates by which samples are divided, so that derivatives of that
            order are of one size.
        vector: whether there are two components also without a symmetry.
    """

    def __init__(
        self,
        pair: tuple[str, str],
        waves: int,
        *,
        power: float = 0.0,
        vector: bool = False,
    ) -> None:
        self.pairs, self.pace = (pair, pair[::-1]), PACE
        steps = torch.arange(PHASES, dtype=F64).reshape(-1, 1, 1, 1) / PHASES
        symmetric = "Symmetry" in pair
        self.fields = {"v": "vector"} if symmetric or vector else {"v": 1}
        if symmetric:  # the rates give the phases at the other wall
            part = 1.0 if pair[0] == pair[1] else 0.78 + steps / 8
        else:
            part = 1.0 if pair == PERIODIC else 0.85
        part = torch.as_tensor(part, dtype=F64)
        self.size, rates = part**-power, 2 * pi * waves * part
        self.rates = [rates / length for length in LENGTHS]
        self.shifts = [[pi * steps, pi * steps + 0.6]]
        if vector:
            self.shifts.append([pi * steps + 1.1, pi * steps - 0.4])
        if symmetric:
            places = [0.0 if side[0] == "Symmetry" else 1.0 for side in self.pairs]
            self.shifts = [
                [
                    -rates * place - pi / 2 * (axis == c)
                    for axis, place in enumerate(places)
                ]
                for c in (0, 1)
            ]

    def __call__(
        self,
        coords: Tensor,
        *,
        axis: int | None = 0,
        order: int = 0,
        time: float = TIME,
    ) -> Tensor:
        """Return a derivative along one axis, or along each, by hand."""
        parts = []
        for shifts in self.shifts:
            part = self.size.reshape(-1, *[1] * (coords.ndim - 1)) * (
                1 + self.pace * time
            )
            for n, rate in enumerate(self.rates):
                x, m = coords[:, n : n + 1], order if axis in (n, None) else 0
                k, shift = (
                    v.reshape(-1, *[1] * (x.ndim - 1)) for v in (rate, shifts[n])
                )
                part = part * k**m * torch.cos(k * x + shift + m * pi / 2)
            parts.append(part)
        return torch.cat(torch.broadcast_tensors(*parts), 1)

    def is_steep(self, coords: Tensor) -> Tensor:
        """Return where the state has no extremum along either axis nearby."""
        parts = []
        for shifts in self.shifts:
            steep = [
                torch.sin(k * coords[:, n : n + 1] + shifts[n]).abs() > FLAT
                for n, k in enumerate(self.rates)
            ]
            parts.append(steep[0] & steep[1])
        return torch.cat(torch.broadcast_tensors(*parts), 1)

    def grid(self, count: int, degree: int) -> pb.Grid:
        """Return a grid whose walls hold what the state has there."""
        sides = [
            tuple(self._side(axis, which, degree) for which in range(2))
            for axis in range(2)
        ]
        return pb.Grid((count, 5 * count // 4), LENGTHS, boundary=sides)

    def _side(self, axis: int, which: int, degree: int) -> object:
        outward = 2 * which - 1

        def value(coords, time):
            return self(coords, time=float(time))

        def slope(coords, time):
            return outward * self(coords, axis=axis, order=1, time=float(time))

        def mixed(coords, time):
            return value(coords, time) + slope(coords, time)

        return {
            "Periodic": pb.Periodic(),
            "Dirichlet": pb.Dirichlet(value),
            "Neumann": pb.Neumann(slope),
            "Robin": pb.Robin(1.0, 1.0, mixed),
            "Symmetry": pb.Symmetry(),
            "Inflow": pb.Inflow(value),
            "Outflow": pb.Outflow(degree),
        }[self.pairs[axis][which]]


def regions(grid: pb.Grid) -> tuple[Tensor, Tensor]:
    """Return the cells far from all walls, and those beside one."""
    inside = torch.ones(grid.num_points, dtype=torch.bool)
    beside = torch.zeros(grid.num_points, dtype=torch.bool)
    if grid.is_periodic:
        return inside, beside
    for axis, count in enumerate(grid.num_points):
        margin = count // 4
        inside.narrow(axis, 0, margin).fill_(value=False)
        inside.narrow(axis, count - margin, margin).fill_(value=False)
        beside.narrow(axis, 0, BESIDE).fill_(value=True)
        beside.narrow(axis, count - BESIDE, BESIDE).fill_(value=True)
    return inside, beside


def label(pair: tuple[str, str]) -> str:
    """Return the names of two walls, once if they are alike."""
    return pair[0] if pair[0] == pair[1] else " – ".join(pair)
