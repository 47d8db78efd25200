from math import pi, sqrt

import pytest
import torch

from physbias.errors import DivergenceError
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    RK2,
    RK4,
    SSPRK3,
    Euler,
    FiniteDifference,
    SemiDiscrete,
    largest_stable_step,
    ritz_values,
)
from physbias.pdes import Heat, Wave

F64 = torch.float64


@pytest.mark.parametrize(
    ("stepper", "limit"),
    [(Euler(), 2.0), (RK2(), 2.0), (SSPRK3(), 2.5127), (RK4(), 2.7853)],
    ids=repr,
)
def test_real_limits_of_the_textbooks(stepper, limit):
    """Hairer and Wanner, Solving ODEs II, section IV.2; less the margin of 5 %."""
    spectrum = torch.tensor([-3.0 + 0j, -1.0], dtype=torch.complex128)
    found = largest_stable_step(spectrum, stepper.growth)
    assert found == pytest.approx(limit / 3 / 1.05, rel=2e-3)


@pytest.mark.parametrize(
    ("stepper", "limit"), [(SSPRK3(), sqrt(3)), (RK4(), 2 * sqrt(2))], ids=repr
)
def test_imaginary_limits_of_the_textbooks(stepper, limit):
    spectrum = torch.tensor([5j, -5j], dtype=torch.complex128)
    found = largest_stable_step(spectrum, stepper.growth)
    assert found == pytest.approx(limit / 5 / 1.05, rel=2e-3)


def test_nothing_limits_a_system_at_rest():
    zero = torch.zeros(3, dtype=torch.complex128)
    assert largest_stable_step(zero, RK4().growth) == float("inf")


def test_physical_growth_is_not_refused():
    """u' = u grows by itself."""
    spectrum = torch.tensor([1.0 + 0j, -10.0], dtype=torch.complex128)
    assert largest_stable_step(spectrum, SSPRK3().growth) > 0.2


@pytest.mark.parametrize("points", [(4,), (5,), (40, 9), (6, 7, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, F64])
def test_outer_eigenvalue_of_diffusion(points, dtype):
    """Second order: -4 D sum sin²(k h / 2) / h², k nearest to the Nyquist wave."""
    grid = Grid(points, [1.0, 2.0, 3.0][: len(points)], boundary=Periodic())
    system = SemiDiscrete(Heat(0.3), FiniteDifference(2).bind(grid, dtype=dtype))
    outer = (
        -4
        * 0.3
        * sum(
            (torch.sin(torch.tensor(pi * (n // 2) / n)).item() / h) ** 2
            for n, h in zip(points, grid.spacing, strict=True)
        )
    )
    for u in (torch.zeros(2, 1, *points), torch.rand(2, 1, *points)):
        found = ritz_values(lambda w: system(w, 0.0), u.to(dtype))
        assert float(found.real.min()) == pytest.approx(outer, rel=0.06)
        assert float(found.real.max()) < 1e-3 * abs(outer)


def test_no_motion_has_no_spectrum():
    found = ritz_values(torch.zeros_like, torch.rand(2, 1, 5, dtype=F64))
    assert float(found.abs().max()) == 0


def test_a_tendency_that_is_undefined_nearby_is_named():
    with pytest.raises(DivergenceError, match=r"rhs: found NaN.*guard its roots"):
        ritz_values(torch.sqrt, torch.tensor([[[0.0, 1.0]]], dtype=F64))


@pytest.mark.parametrize("speed", [1e-3, 1.0, 340.0, 3e8])
def test_outer_eigenvalue_of_waves_in_any_unit(speed):
    """Second order: 2 c / h on the imaginary axis, whatever metres and seconds are."""
    grid = Grid((64,), (1.0,), boundary=Periodic())
    d = FiniteDifference(2).bind(grid, dtype=F64)
    system = SemiDiscrete(Wave(speed), d)
    u = torch.rand(2, 2, 64, dtype=F64)
    found = ritz_values(lambda w: system(w, 0.0), u)
    assert float(found.imag.max()) == pytest.approx(2 * speed * 64, rel=0.02)


def test_channels_of_very_different_sizes_are_disturbed_by_their_own():
    """Energies of 2.5e5 J/m3 beside densities of 1.2 kg/m3, whose roots are taken."""
    line = Grid((64,), (1.0,), boundary=Periodic())
    density = 1.2 * (1 + 0.01 * torch.sin(2 * pi * line.coords(dtype=torch.float64)))
    energy = torch.full_like(density, 1e5 / 0.4)
    u = torch.cat([density, 0 * density, energy], 1)

    def tendency(w):
        sound = (1.4 * 0.4 * w[:, 2:] / w[:, :1]).sqrt()
        return -sound * (w.roll(-1, -1) - w.roll(1, -1)) / (2 * line.spacing[0])

    found = float(ritz_values(tendency, u).abs().max())
    sound = (1.4 * 1e5 / 1.2) ** 0.5
    assert found == pytest.approx(sound / line.spacing[0], rel=0.1)
