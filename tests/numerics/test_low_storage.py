from fractions import Fraction

import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import FiniteDifference, LowStorageRK4, SemiDiscrete, Spectral
from physbias.pdes import AdvectionDiffusion, Burgers, cole_hopf, pde
from physbias.strong import Solver

F64 = torch.float64
# Carpenter and Kennedy's table, read again
A = [
    Fraction(0),
    Fraction(-567301805773, 1357537059087),
    Fraction(-2404267990393, 2016746695238),
    Fraction(-3550918686646, 2091501179385),
    Fraction(-1275806237668, 842570457699),
]
B = [
    Fraction(1432997174477, 9575080441755),
    Fraction(5161836677717, 13612068292357),
    Fraction(1720146321549, 2090206949498),
    Fraction(3134564353537, 4481467310338),
    Fraction(2277821191437, 14882151754819),
]


def test_order_conditions_in_exact_arithmetic():
    """As a Butcher tableau: the weight of slope j in what is added at stages m to n.

    The published fractions meet the conditions to the 25 digits that they carry.
    """
    size = len(A)

    def weights(last: int) -> list[Fraction]:
        row = []
        for j in range(size):
            total, factor = Fraction(0), Fraction(1)
            for m in range(j, last):
                factor = factor * A[m] if m > j else Fraction(1)
                total += B[m] * factor
            row.append(total)
        return row

    a = [weights(i) for i in range(size)]
    b = weights(size)
    c = [sum(row, Fraction(0)) for row in a]

    def dot(*columns: list[Fraction]) -> Fraction:
        total = Fraction(0)
        for entries in zip(*columns, strict=True):
            product = Fraction(1)
            for entry in entries:
                product *= entry
            total += product
        return total

    ac = [dot(row, c) for row in a]
    conditions = [
        (dot(b), 1),
        (dot(b, c), 2),
        (dot(b, c, c), 3),
        (dot(b, ac), 6),
        (dot(b, c, c, c), 4),
        (dot(b, c, ac), 8),
        (dot(b, [dot(row, c, c) for row in a]), 12),
        (dot(b, [dot(row, ac) for row in a]), 24),
    ]
    for found, denominator in conditions:
        assert abs(found - Fraction(1, denominator)) < Fraction(1, 10**24)
    assert LowStorageRK4.a == tuple(map(float, A))
    assert LowStorageRK4.b == tuple(map(float, B))
    assert LowStorageRK4().c == pytest.approx(list(map(float, c)), abs=1e-15)


def test_order_on_a_nonlinear_equation_that_knows_the_time(observed):
    """u' = -u² (1 + sin t): 1/u = 1/u0 + t + 1 - cos t."""
    equation = pde(lambda u, d: -(u**2) * (1 + torch.sin(d.time)), "u")
    grid = Grid((2, 3), (1.0, 1.0), boundary=Periodic())
    system = SemiDiscrete(equation, FiniteDifference().bind(grid, dtype=F64))
    start = torch.rand(2, 1, 2, 3, dtype=F64) + 0.5
    exact = 1 / (1 / start + 3 - torch.tensor(2.0, dtype=F64).cos())
    counts, errors = (40, 80), []
    for count in counts:
        u, dt = start, 2 / count
        for n in range(count):
            u = LowStorageRK4().step(system, u, n * dt, dt)
        errors.append(float((u - exact).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(4, abs=0.1)


def test_order_through_the_solver_with_gradients(observed):
    grid = Grid((32,), (2 * torch.pi,), boundary=Periodic())
    x, steps, errors = grid.coords(dtype=F64), (0.01, 0.005), []
    for dt in steps:
        options = {"scheme": Spectral(dealias=None), "stepper": LowStorageRK4()}
        solve = Solver(Burgers(0.5), grid, dt=dt, **options)
        u = solve(cole_hopf(x, 0.0, 0.5), [0.0, 1.0])[:, -1]
        errors.append(float((u - cole_hopf(x, 1.0, 0.5)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(4, abs=0.1)
    grid = Grid((5,), (1.0,), boundary=Periodic())
    solve = Solver(AdvectionDiffusion(0.1), grid, stepper=LowStorageRK4(), dt=0.01)
    u0 = torch.rand(2, 1, 5, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda u: solve(u, [0.0, 0.02]), u0)


def test_stability_reaches_as_far_as_published():
    """3.34 along the imaginary and 4.65 along the negative real axis."""
    grow = LowStorageRK4().growth
    z = torch.tensor([3.33j, -4.64, 3.37j, -4.7], dtype=torch.complex128)
    size = grow(z).abs()
    assert bool((size[:2] <= 1).all())
    assert bool((size[2:] > 1).all())
