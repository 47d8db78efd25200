from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import ARS222, ARS443, FiniteDifference, SemiDiscrete, Spectral
from physbias.pdes import AdvectionDiffusion, Burgers, Heat, TracerFlow, pde
from physbias.strong import Solver

F64 = torch.float64
LINE = Grid((64,), (2 * pi,), boundary=Periodic())


def exact(t: float, viscosity: float) -> torch.Tensor:
    """Cole-Hopf with phi = 2 + e^(-nu t) cos x: u = -2 nu phi_x / phi."""
    x = LINE.coords(dtype=F64)
    decay = torch.exp(torch.tensor(-viscosity * t, dtype=F64))
    return 2 * viscosity * decay * torch.sin(x) / (2 + decay * torch.cos(x))


@pytest.mark.parametrize("stepper", [ARS222(), ARS443()], ids=repr)
def test_order_far_above_the_explicit_limit(stepper, observed):
    """Viscosity 0.5 on 64 points: explicit steps end at 0.005 s."""
    errors, steps = [], (0.05, 0.025)
    for dt in steps:
        solve = Solver(
            Burgers(0.5),
            LINE,
            scheme=Spectral(dealias=None),
            stepper=stepper,
            dt=dt,
            allow_unstable=True,
        )
        u = solve(exact(0, 0.5), [0.0, 1.0])[:, -1]
        errors.append(float((u - exact(1.0, 0.5)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(stepper.order, abs=0.15)
    assert errors[-1] < 10 ** -(stepper.order + 2)


@pytest.mark.parametrize("stepper", [ARS222(), ARS443()], ids=repr)
def test_stiff_modes_vanish_as_they_should(stepper):
    """L-stability: at dt D k² = 1e6 one step leaves next to nothing."""
    system = SemiDiscrete(Heat(1e6), Spectral().bind(LINE, dtype=F64))
    u = torch.sin(3 * LINE.coords(dtype=F64))
    assert float(stepper.step(system, u, 0.0, 0.1).abs().max()) < 1e-3


def test_the_implicit_part_is_exact_for_what_it_should_solve():
    system = SemiDiscrete(Heat(0.3), FiniteDifference(4).bind(LINE, dtype=F64))
    u = torch.randn(2, 1, 64, dtype=F64)
    w = system.solve(u, 0.7)
    torch.testing.assert_close(w - 0.7 * system.linear(w), u)
    torch.testing.assert_close(system.linear(u), system(u, 0.0))
    torch.testing.assert_close(
        system.rest(u, 0.0), torch.zeros_like(u), atol=1e-10, rtol=0
    )


def test_implicit_order_conditions():
    """Both methods of the pair, and their coupling, up to order 3."""
    explicit, implicit = ARS443.explicit, ARS443.implicit
    a = torch.zeros(5, 5, dtype=F64)
    for i, row in enumerate(implicit.a, start=1):
        a[i, 1 : len(row) + 1] = torch.tensor(row, dtype=F64)
    e = torch.zeros(5, 5, dtype=F64)
    for i, row in enumerate(explicit.a):
        e[i, : len(row)] = torch.tensor(row, dtype=F64)
    c = e.sum(1)
    torch.testing.assert_close(a.sum(1), c)
    for b in (a[-1], e[-1]):
        assert float(b.sum()) == pytest.approx(1)
        assert float(b @ c) == pytest.approx(1 / 2)
        assert float(b @ c**2) == pytest.approx(1 / 3)
        for inner in (a, e):
            assert float(b @ inner @ c) == pytest.approx(1 / 6)


def test_conditions_of_order_two_by_hand():
    """gamma = 1 - 1/sqrt 2, delta = 1 - 1/(2 gamma): weights, times and coupling."""
    gamma, delta = ARS222.implicit.a[0][0], ARS222.explicit.a[2][0]
    assert gamma == pytest.approx(0.29289321881345254, rel=1e-15)
    assert gamma**2 - 2 * gamma + 1 / 2 == pytest.approx(0, abs=1e-15)
    explicit, implicit, c = ARS222.explicit.b, ARS222.implicit.b, (0, gamma, 1)
    assert explicit == (delta, 1 - delta, 0)
    assert sum(implicit) == pytest.approx(1)
    assert explicit[1] * c[1] + explicit[2] * c[2] == pytest.approx(1 / 2)
    assert implicit[0] * c[1] + implicit[1] * c[2] == pytest.approx(1 / 2)


def test_an_equation_without_a_symbol_is_refused():
    equation = pde(lambda u, d: d.laplacian(u), "u")
    solve = Solver(equation, LINE, stepper=ARS443(), dt=0.1)
    with pytest.raises(
        ArgumentError, match=r"stepper: found an implicit .*stiff_symbol"
    ):
        solve(torch.ones(1, 1, 64), [0.0, 0.1])


def test_a_coefficient_that_varies_in_space_is_refused():
    field = torch.rand(1, 1, 64)
    for equation, name in (
        (Heat(field), "diffusivity"),
        (AdvectionDiffusion(field), "diffusivity"),
        (Burgers(field), "viscosity"),
        (TracerFlow(field, 0.1), "viscosity"),
        (TracerFlow(0.1, field), "diffusivity"),
    ):
        solve = Solver(equation, LINE, stepper=ARS443(), dt=0.1)
        u = torch.ones(1, equation.num_channels(1), 64)
        with pytest.raises(ArgumentError, match=rf"{name}: found a field.*explicit"):
            solve(u, [0.0, 0.1])
