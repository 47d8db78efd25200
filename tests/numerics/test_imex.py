from math import pi

import pytest
import torch

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    ARK324,
    ARS222,
    ARS443,
    FiniteDifference,
    SemiDiscrete,
    Spectral,
)
from physbias.pdes import AdvectionDiffusion, Burgers, Heat, TracerFlow, pde
from physbias.strong import Solver

F64 = torch.float64
LINE = Grid((64,), (2 * pi,), boundary=Periodic())


def exact(t: float, viscosity: float) -> torch.Tensor:
    """Cole-Hopf with phi = 2 + e^(-nu t) cos x: u = -2 nu phi_x / phi."""
    x = LINE.coords(dtype=F64)
    decay = torch.exp(torch.tensor(-viscosity * t, dtype=F64))
    return 2 * viscosity * decay * torch.sin(x) / (2 + decay * torch.cos(x))


def square(rows) -> torch.Tensor:
    padded = [[*row, *[0.0] * (len(rows) - len(row))] for row in rows]
    return torch.tensor(padded, dtype=F64)


@pytest.mark.parametrize("stepper", [ARS222(), ARS443(), ARK324()], ids=repr)
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
    a, e = square(implicit.a), square(explicit.a)
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
    gamma, delta = ARS222.implicit.a[1][1], ARS222.explicit.a[2][0]
    assert gamma == pytest.approx(0.29289321881345254, rel=1e-15)
    assert gamma**2 - 2 * gamma + 1 / 2 == pytest.approx(0, abs=1e-15)
    explicit, implicit, c = ARS222.explicit.b, ARS222.implicit.b, (0, gamma, 1)
    assert explicit == (delta, 1 - delta, 0)
    assert sum(implicit) == pytest.approx(1)
    assert explicit[1] * c[1] + explicit[2] * c[2] == pytest.approx(1 / 2)
    assert implicit[1] * c[1] + implicit[2] * c[2] == pytest.approx(1 / 2)


def test_order_conditions_of_ark324_and_its_coupling():
    explicit, implicit = square(ARK324.explicit.a), square(ARK324.implicit.a)
    b, c = torch.tensor(ARK324.explicit.b, dtype=F64), explicit.sum(1)
    torch.testing.assert_close(implicit.sum(1), c, atol=1e-15, rtol=0)
    torch.testing.assert_close(implicit[-1], b, atol=0, rtol=0)
    assert ARK324.implicit.b == ARK324.explicit.b
    assert c.tolist() == pytest.approx([0, 0.8717330430169180, 0.6, 1], abs=1e-15)
    found = [float(b.sum()), float(b @ c), float(b @ c**2)]
    found += [float(b @ inner @ c) for inner in (explicit, implicit)]
    assert found == pytest.approx([1, 1 / 2, 1 / 3, 1 / 6, 1 / 6], abs=1e-14)


def test_ark324_is_stable_and_damps_stiff_modes():
    """R(z) = det(1 - z A + z 1 b) / det(1 - z A): below 1 on the left, 0 far out."""
    a, b = square(ARK324.implicit.a), torch.tensor(ARK324.implicit.b, dtype=F64)
    eye, ones = torch.eye(4), torch.ones(4, 1, dtype=F64)
    for z in (1j, 30j, -1 + 2j, -50.0, -1e3 + 1e3j):
        inner = eye - z * a
        outer = inner + z * ones @ b[None].to(inner.dtype)
        assert abs(torch.linalg.det(outer) / torch.linalg.det(inner)) <= 1
    system = SemiDiscrete(Heat(1e6), Spectral().bind(LINE, dtype=F64))
    u = torch.sin(3 * LINE.coords(dtype=F64))
    assert float(ARK324().step(system, u, 0.0, 0.1).abs().max()) < 1e-4


def test_diffusion_is_exact_in_the_limit_of_short_steps_and_gradients_flow(box, smooth):
    """Two fields, a viscosity per sample; each sample decays at its own rate."""
    nu = torch.tensor([0.1, 0.4], dtype=F64)
    system = SemiDiscrete(Heat(nu), Spectral().bind(box, dtype=F64))
    u = torch.cos(2 * box.coords(dtype=F64)[:, :1]).repeat(2, 1, 1, 1)
    found = ARK324().step(system, u, 0.0, 1e-2)
    exact = torch.exp(-4e-2 * nu)[:, None, None, None] * u
    torch.testing.assert_close(found, exact, atol=5e-9, rtol=0)
    start = smooth(box, 2, batch=1).requires_grad_()
    bound = SemiDiscrete(Burgers(0.1), Spectral().bind(box, dtype=F64))
    assert torch.autograd.gradcheck(
        lambda v: ARK324().step(bound, v, 0.0, 0.1), start, fast_mode=True
    )


@pytest.mark.parametrize(
    ("stepper", "stages"), [(ARS222(), 2), (ARS443(), 4), (ARK324(), 4)], ids=repr
)
def test_no_slope_is_evaluated_that_no_weight_asks_for(stepper, stages):
    calls = []

    class Counted(Heat):
        def rhs(self, u, d):
            calls.append(u)
            return super().rhs(u, d) - u**3

    system = SemiDiscrete(Counted(0.5), Spectral().bind(LINE, dtype=F64))
    stepper.step(system, exact(0, 0.5), 0.0, 0.01)
    assert len(calls) == stages


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
