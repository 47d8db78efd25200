from math import pi

import pytest
import torch

from physbias.grid import Grid, Periodic
from physbias.numerics import ARK324, SemiDiscrete, Spectral
from physbias.pdes import Burgers, Heat, cole_hopf
from physbias.strong import Solver

F64 = torch.float64
LINE = Grid((64,), (2 * pi,), boundary=Periodic())


def square(rows) -> torch.Tensor:
    padded = [[*row, *[0.0] * (4 - len(row))] for row in rows]
    return torch.tensor(padded, dtype=F64)


def test_order_conditions_of_both_methods_and_their_coupling():
    explicit, implicit = square(ARK324.explicit.a), square(ARK324.implicit.a)
    b, c = torch.tensor(ARK324.explicit.b, dtype=F64), explicit.sum(1)
    torch.testing.assert_close(implicit.sum(1), c, atol=1e-15, rtol=0)
    torch.testing.assert_close(implicit[-1], b, atol=0, rtol=0)
    assert ARK324.implicit.b == ARK324.explicit.b
    assert c.tolist() == pytest.approx([0, 0.8717330430169180, 0.6, 1], abs=1e-15)
    found = [float(b.sum()), float(b @ c), float(b @ c**2)]
    found += [float(b @ inner @ c) for inner in (explicit, implicit)]
    assert found == pytest.approx([1, 1 / 2, 1 / 3, 1 / 6, 1 / 6], abs=1e-14)


def test_the_implicit_method_is_stable_and_damps_stiff_modes():
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


def test_order_three_far_above_the_explicit_limit(observed):
    """Viscosity 0.5 on 64 points: explicit steps end at 0.005 s."""
    errors, steps = [], (0.05, 0.025)
    options = {"scheme": Spectral(dealias=None), "stepper": ARK324()}
    x = LINE.coords(dtype=F64)
    for dt in steps:
        solve = Solver(Burgers(0.5), LINE, dt=dt, **options)
        u = solve(cole_hopf(x, 0.0, 0.5), [0.0, 1.0])[:, -1]
        errors.append(float((u - cole_hopf(x, 1.0, 0.5)).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(3, abs=0.2)
    assert errors[-1] < 1e-5


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
