"""Growth of short waves against dispersion relations worked out by hand."""

from math import pi

import pytest
import torch

from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import SSPRK3, FiniteDifference
from physbias.pdes import (
    KortewegDeVries,
    KuramotoSivashinsky,
    NavierStokes,
    Schroedinger,
    ShallowWater,
    SwiftHohenberg,
    Wave,
    pde,
)
from physbias.verify import Status
from physbias.verify.case import Case
from physbias.verify.well_posed import FACTORS, probe

LINE = Grid((24,), (20.0,), boundary=Periodic())
PLANE = Grid((16, 18), (40.0, 60.0), boundary=Periodic())


def found(equation, grid=LINE, **options):
    case = Case(
        pde=equation.double(),
        grid=grid,
        scheme=FiniteDifference(4),
        stepper=SSPRK3(),
        **options,
    )
    return probe(case)


def exchanged(u, d):
    """u_t = v_x, v_t = -u_x: the equations of Cauchy and Riemann, rates of ±k."""
    return torch.cat([d.x(u[:, 1:]), -d.x(u[:, :1])], dim=1)


@pytest.mark.parametrize(
    ("equation", "rate"),
    [
        (pde(lambda u, d: -0.1 * d.laplacian(u), "u"), lambda k: 0.1 * k**2),
        (
            pde(lambda u, d: -1e-4 * d.laplacian(u) - 3 * d.x(u), "u"),
            lambda k: 1e-4 * k**2,
        ),
        (pde(lambda u, d: d.partial(u, 0, 4), "u"), lambda k: k**4),
        (pde(exchanged, {"u": 1, "v": 1}), lambda k: k),
    ],
    ids=["diffusion", "with advection", "fourth order", "elliptic"],
)
def test_growth_of_short_waves_is_that_of_the_dispersion_relation(equation, rate):
    result = found(equation)
    assert result.status is Status.FAILED
    assert "no solution depends continuously" in result.meaning
    k = 2 * pi * FACTORS[-1] / 20
    # eight points per wave: the scheme of order 4 errs by a per cent or two
    assert result.value == pytest.approx(rate(k), rel=0.05)


def test_diffusion_backwards_on_one_axis_and_in_a_flow_are_seen():
    flat = pde(lambda u, d: d.partial(u, 0, 2) - 0.1 * d.partial(u, 1, 2), "u")
    assert found(flat, PLANE).status is Status.FAILED

    class Backward(NavierStokes):
        def rhs(self, u, d):
            return super().rhs(u, d) - 0.4 * d.laplacian(u)

    assert found(Backward(0.1), PLANE).status is Status.FAILED
    assert found(NavierStokes(0.1), PLANE).status is Status.PASSED


@pytest.mark.parametrize(
    ("equation", "grid", "options"),
    [
        # long waves grow: in this box all that a grid of some points would hold
        (KuramotoSivashinsky(), Grid((24,), (2000.0,), boundary=Periodic()), {}),
        (SwiftHohenberg(), PLANE, {}),
        (KortewegDeVries(), LINE, {}),
        (Schroedinger(), LINE, {}),
        (Wave(1.0), PLANE, {}),
        (ShallowWater(), PLANE, {"mean": (1.0, 0.0, 0.0), "amplitude": 0.1}),
        (pde(lambda u, d: 5 * u + 0 * d.x(u), "u"), LINE, {}),
    ],
    ids=["ks", "swift-hohenberg", "kdv", "schroedinger", "wave", "water", "growth"],
)
def test_growth_that_is_bounded_passes(equation, grid, options):
    assert found(equation, grid, **options).status is Status.PASSED


def test_walls_do_not_matter():
    grid = Grid((24,), (1.0,), boundary=Dirichlet(0.0))
    right = pde(lambda u, d: 0.1 * d.laplacian(u), "u")
    wrong = pde(lambda u, d: -0.1 * d.laplacian(u), "u")
    assert found(right, grid).status is Status.PASSED
    assert found(wrong, grid).status is Status.FAILED
