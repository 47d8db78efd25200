"""Observed orders of every stepper, against closed-form solutions.

Imported by `orders.py`. Space is spectral and exact to rounding, so that time alone
errs.
"""

from math import cos, pi, sin

import torch
from orders_rows import Order, Row, Table, slope
from torch import Tensor

import physbias as pb
from physbias import numerics, pdes

F64 = torch.float64
# by how far and how fast the frame of reference is shaken
REACH, RATE = 0.3, 2.0


TEXT = """The largest error at the end of a run against a closed form, relative to its
largest value. Burgers' equation in a frame that is shaken is nonlinear and has a source
that depends on time; its solution is that of Cole and Hopf, moved. The *fastest decay
× step* says how stiff it is: explicit steps need less than 2 to 3. Symplectic steps run
on Klein–Gordon waves about a rest that moves, and on a breather. The order of
`DormandPrince` is that of the error over the number of evaluations, at tolerances of
1e-6 and 1e-8."""


class ShakenBurgers(pb.Burgers):
    """Burgers' equation in a frame that is shaken, ``u_t = nu u_xx - u u_x + s''(t)``.

    With ``s = REACH sin(RATE t)`` and v a solution without force, ``v(x - s, t) + s'``
    is a solution: nonlinear, with a source that depends on time.
    """

    def rhs(self, u: Tensor, d: pdes.Derivatives) -> Tensor:
        """Return the tendency with the force of the frame."""
        force = -REACH * RATE**2 * torch.sin(RATE * d.time)
        return super().rhs(u, d) + force.to(u.dtype)

    def solution(self, x: Tensor, time: float) -> Tensor:
        """Return the exact solution."""
        moved = x - REACH * sin(RATE * time)
        wind = REACH * RATE * cos(RATE * time)
        return pdes.cole_hopf(moved, time, float(self.viscosity)) + wind


class ShakenKleinGordon(pdes.KleinGordon):
    """The linear Klein-Gordon equation about a rest that moves by s(t)."""

    calls = 0

    def rhs(self, u: Tensor, d: pdes.Derivatives) -> Tensor:
        """Return the rates with the force of the moving rest, and count the calls."""
        type(self).calls += 1
        rest = REACH * torch.sin(RATE * d.time)
        push = (1 - RATE**2) * rest  # s + s'' for a stiffness of one
        still = torch.zeros_like(u[:, :1])
        return super().rhs(u, d) + torch.cat([still, still + push.to(u.dtype)], 1)

    def solution(self, x: Tensor, time: float) -> Tensor:
        """Return the exact solution."""
        wave = self.plane_wave(x, time)
        s, rate = REACH * sin(RATE * time), REACH * RATE * cos(RATE * time)
        return wave + torch.tensor([s, rate], dtype=F64).reshape(1, 2, 1)


class Breather(pdes.SineGordon):
    """A bound pair of the sine-Gordon equation."""

    def solution(self, x: Tensor, time: float) -> Tensor:
        """Return the exact solution."""
        return self.breather(x, time)


LINE = pb.Grid((32,), (2 * pi,), boundary=pb.Periodic())
FINE = pb.Grid((64,), (2 * pi,), boundary=pb.Periodic())
SHORT = pb.Grid((4,), (2 * pi,), boundary=pb.Periodic())
WIDE = pb.Grid((384,), (80.0,), boundary=pb.Periodic(), origin=(-40.0,))
# equation, grid, end, in the words of the table
MILD = ("shaken Burgers, not stiff", ShakenBurgers(0.3), LINE, 1.0)
STIFF = ("shaken Burgers, stiff", ShakenBurgers(1.0), FINE, 1.0)
WAVES = ("shaken Klein–Gordon", ShakenKleinGordon(), LINE, 2.0)
LONG = ("shaken Klein–Gordon", WAVES[1], SHORT, 20.0)
PAIR = ("sine-Gordon breather", Breather(), WIDE, 2.0)
Problem = tuple[str, pb.PDE, pb.Grid, float]

EXPLICIT = (pb.Euler(), pb.RK2(), pb.SSPRK3(), pb.RK4(), pb.LowStorageRK4())
IMEX = (pb.ARS222(), pb.ARS443(), pb.ARK324(), pb.CNAB2())
EXPONENTIAL = (pb.ETDRK1(), pb.ETDRK2(), pb.ETDRK3(), pb.ETDRK4())
TIGHT = numerics.NewtonKrylov(rtol=1e-12)
IMPLICIT = (pb.ImplicitEuler(TIGHT), pb.CrankNicolson(TIGHT), pb.SDIRK2(TIGHT))
SYMPLECTIC = (pb.Leapfrog(), pb.Yoshida4())
STEPPERS = (*EXPLICIT, *IMEX, *EXPONENTIAL, *IMPLICIT, *SYMPLECTIC)


ADAPTIVE = (pb.DormandPrince,)
TOLERANCES = (1e-6, 1e-8)


def error(stepper: object, problem: Problem, steps: int = 1) -> float:
    """Return the largest error at the end, relative to the largest value."""
    _, equation, grid, end = problem
    x = grid.coords(dtype=F64)
    adaptive = isinstance(stepper, pb.DormandPrince)
    solve = pb.Solver(
        equation,
        grid,
        scheme=pb.Spectral(None),
        stepper=stepper,
        dt=None if adaptive else end / steps,
        allow_unstable=not adaptive,
    )
    with torch.no_grad():
        found = solve(equation.solution(x, 0.0), [0.0, end])[:, -1]
    exact = equation.solution(x, end)
    return float((found - exact).abs().max() / exact.abs().max())


def row(stepper: numerics.Stepper, problem: Problem, slack: float = 0.1) -> Row:
    """Return the order of a stepper of fixed steps between two step lengths."""
    name, equation, grid, end = problem
    coarse = 32 if stepper in IMPLICIT else 80 if problem is PAIR else 64
    errors = tuple(error(stepper, problem, n) for n in (coarse, 2 * coarse))
    found = slope((1 / coarse, 0.5 / coarse), errors)
    fastest = "–"
    if isinstance(equation, pb.Burgers):
        waves = grid.num_points[0] / 2
        fastest = f"{float(equation.viscosity) * waves**2 * end / coarse:.2g}"
    word = type(stepper).__name__
    order = Order(found, stepper.order, slack)
    return (
        f"`{word}`",
        name,
        f"{coarse}, {2 * coarse}",
        fastest,
        f"{errors[1]:.1e}",
        order,
    )


def adaptive_row(stepper: type) -> Row:
    """Return the order of adaptive steps: the error over the number of evaluations."""
    errors, calls = [], []
    for tolerance in TOLERANCES:
        ShakenKleinGordon.calls = 0
        errors.append(error(stepper(tolerance, tolerance), LONG))
        calls.append(ShakenKleinGordon.calls)
    found = slope((1 / calls[0], 1 / calls[1]), (errors[0], errors[1]))
    words = f"{calls[0]}, {calls[1]} evaluations"
    return (
        f"`{stepper.__name__}`",
        LONG[0],
        words,
        "–",
        f"{errors[1]:.1e}",
        Order(found, 5),
    )


def table() -> Table:
    """Return the table of all steppers."""
    rows = [row(stepper, MILD) for stepper in EXPLICIT]
    for stepper in (*IMEX, *EXPONENTIAL, *IMPLICIT):
        slack = 0.2 if stepper in IMEX else 0.1
        rows += [row(stepper, problem, slack) for problem in (MILD, STIFF)]
    for stepper in SYMPLECTIC:
        rows += [row(stepper, problem) for problem in (WAVES, PAIR)]
    rows += [adaptive_row(stepper) for stepper in ADAPTIVE]
    return Table(
        "Steppers",
        TEXT,
        ("stepper", "problem", "steps", "fastest decay × step", "error", "order"),
        tuple(rows),
    )
