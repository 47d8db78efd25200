from math import pi
from typing import ClassVar

import pytest
import torch

from physbias.errors import ArgumentError, StabilityError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import (
    RK4,
    FiniteDifference,
    Leapfrog,
    SemiDiscrete,
    Spectral,
    Yoshida4,
)
from physbias.pdes import PDE, Heat
from physbias.strong import Solver

F64 = torch.float64
POINT = Grid((1,), (1.0,), boundary=Periodic())
METHODS = [Leapfrog(), Yoshida4()]


class Oscillators(PDE):
    """q' = p, p' = -w² q + force cos t, at every point."""

    fields: ClassVar = {"q": 1, "p": 1}
    momenta = ("p",)

    def __init__(self, frequency=1.0, force=0.0, friction=0.0):
        super().__init__()
        self.frequency, self.force, self.friction = frequency, force, friction

    def rhs(self, u, d):
        q, p = self.split(u)
        push = self.force * torch.cos(d.time) * torch.ones_like(q)
        pull = d.coefficient(self.frequency) ** 2 * q
        return self.join(q=p, p=push - pull - self.friction * p)


class Strings(PDE):
    """Waves q_tt = c² laplacian q, the momentum declared before the position."""

    fields: ClassVar = {"p": 1, "q": 1}
    momenta = ("p",)

    def __init__(self, speed=1.0):
        super().__init__()
        self.speed = speed

    def rhs(self, u, d):
        p, q = self.split(u)
        return self.join(p=d.coefficient(self.speed) ** 2 * d.laplacian(q), q=p)


def oscillators(**options):
    return SemiDiscrete(
        Oscillators(**options), FiniteDifference(2).bind(POINT, dtype=F64)
    )


def run(method, system, u, dt, count):
    for n in range(count):
        u = method.step(system, u, n * dt, dt)
    return u


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_order_on_driven_oscillators_with_a_frequency_per_sample(method, observed):
    """q'' = -w² q + cos t from rest: (cos t - cos wt) / (w² - 1)."""
    w, t = torch.tensor([2.0, 3.0], dtype=F64), torch.tensor(4.0, dtype=F64)
    q = (torch.cos(t) - torch.cos(w * t)) / (w**2 - 1)
    p = (w * torch.sin(w * t) - torch.sin(t)) / (w**2 - 1)
    exact = torch.stack([q, p], 1)[..., None]
    system, counts, errors = oscillators(frequency=w, force=1.0), (160, 320), []
    for count in counts:
        u = run(method, system, torch.zeros(2, 2, 1, dtype=F64), 4 / count, count)
        errors.append(float((u - exact).abs().max()))
    assert -observed(counts, errors)[0] == pytest.approx(method.order, abs=0.1)


def test_one_step_by_hand():
    """Kick, drift, kick of q'' = -q with dt = 0.2 from (1, 0)."""
    u = torch.tensor([[[1.0], [0.0]]], dtype=F64)
    found = Leapfrog().step(oscillators(), u, 0.0, 0.2).flatten().tolist()
    half = -0.1
    q = 1 + 0.2 * half
    assert found == pytest.approx([q, half - 0.1 * q], rel=1e-15)


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_step_back_undoes_a_step(method):
    system = oscillators(frequency=1.3)
    u = torch.tensor([[[0.4], [1.0]]], dtype=F64)
    there = run(method, system, u, 0.3, 50)
    back = there
    for _ in range(50):
        back = method.step(system, back, 0.0, -0.3)
    assert float((there - u).abs().max()) > 0.1
    torch.testing.assert_close(back, u, atol=1e-13, rtol=0)


class Spring:
    """Stands in for an equation, and costs less: q'' = -q."""

    def kick(self, u, time):
        return u.flip(0) * torch.tensor([0.0, -1.0], dtype=F64)

    def drift(self, u, time):
        return u.flip(0) * torch.tensor([1.0, 0.0], dtype=F64)


@pytest.mark.parametrize(("method", "bound"), [(Leapfrog(), 3e-3), (Yoshida4(), 3e-5)])
def test_energy_stays_bounded_over_ten_thousand_steps(method, bound):
    """The second half drifts no further than the first."""
    matrix = torch.stack(
        [method.step(Spring(), e, 0.0, 0.1) for e in torch.eye(2, dtype=F64)], 1
    )
    u, energies = torch.tensor([1.0, 0.0], dtype=F64), []
    for _ in range(10_000):
        u = matrix @ u
        energies.append(u)
    drift = (torch.stack(energies).square().sum(1) - 1).abs()
    assert float(drift.max()) < bound
    assert float(drift[5000:].max()) < 1.01 * float(drift[:5000].max())


def test_the_energy_of_a_wave_is_kept_where_others_lose_it():
    """Between fixed ends, 400 steps near the limit; 1/2 p² + 1/2 q_x²."""
    grid = Grid((20,), (1.0,), boundary=Dirichlet())
    x = grid.coords(dtype=F64)
    u0 = torch.cat([0 * x, torch.sin(pi * x) + 0.3 * torch.sin(5 * pi * x)], 1)
    scheme = FiniteDifference(2, mirror=True)  # a symmetric Laplacian has an energy
    d = scheme.bind(grid, dtype=F64)

    def energy(u):
        p, q = u.split(1, dim=1)
        return float((p**2 - q * d.laplacian(q)).sum())

    changes = {}
    for stepper in (Leapfrog(), RK4()):
        options = {"scheme": scheme, "stepper": stepper, "dt": 0.04}
        u = Solver(Strings(), grid, **options)(u0, [0.0, 16.0])[:, -1]
        changes[repr(stepper)] = abs(energy(u) / energy(u0) - 1)
    assert changes["Leapfrog()"] < 0.05
    assert changes["RK4()"] > 2 * changes["Leapfrog()"]


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_order_on_a_standing_wave_in_the_plane(method, observed):
    grid = Grid((12, 15), (2 * pi, 3.0), boundary=Periodic())
    x, y = grid.coords(dtype=F64).split(1, dim=1)
    c, k, t = 0.7, 2 * pi / 3, 1.0
    w = c * (4 + k**2) ** 0.5
    mode, turn = torch.sin(2 * x) * torch.cos(k * y), torch.tensor(w * t, dtype=F64)
    exact = torch.cat([-w * turn.sin() * mode, turn.cos() * mode], 1)
    steps, errors = (0.05, 0.025), []
    for dt in steps:
        solve = Solver(Strings(c), grid, scheme=Spectral(), stepper=method, dt=dt)
        u = solve(torch.cat([0 * mode, mode], 1), [0.0, t])[:, -1]
        errors.append(float((u - exact).abs().max()))
    assert observed(steps, errors)[0] == pytest.approx(method.order, abs=0.1)


@pytest.mark.parametrize(("method", "limit"), [(Leapfrog(), 2.0), (Yoshida4(), 1.5734)])
@pytest.mark.parametrize("speed", [1.0, 340.0])
def test_the_limit_is_that_of_the_textbook(method, limit, speed):
    """Second order: w_max = 2 c / h; beyond it leapfrog grows, Yoshida earlier."""
    grid = Grid((32,), (1.0,), boundary=Periodic())
    u = torch.rand(2, 2, 32, dtype=F64)
    options = {"scheme": FiniteDifference(2), "stepper": method}
    free = Solver(Strings(speed), grid, **options)
    found = free.stable_step(u) * 2 * speed * 32
    assert found == pytest.approx(limit / 1.05, rel=3e-2)
    long = Solver(Strings(speed), grid, **options, dt=1.2 * free.stable_step(u))
    with pytest.raises(StabilityError, match="dt: found"):
        long(u, [0.0, 1.0])


def test_growth_is_that_of_the_oscillator():
    """cos(angle) = 1 - z²/2 for leapfrog; growth and decay where z is real."""
    z = torch.tensor([0.3j, -1.9j, 2.5j, -0.2, 0.2], dtype=torch.complex128)
    rho = Leapfrog().growth(z)
    torch.testing.assert_close(rho[:3] + 1 / rho[:3], 2 + z[:3] ** 2)
    assert rho[:2].abs().tolist() == pytest.approx([1, 1], abs=1e-12)
    assert float(rho[2].abs()) == pytest.approx(4.0, rel=1e-12)
    for method in METHODS:
        gap = (method.growth(z) - z.exp()).abs()[[0, 3, 4]]
        assert float(gap.max()) < 0.3 ** (method.order + 1)


def test_gradients_and_single_precision():
    solve = Solver(Oscillators(2.0), POINT, stepper=Yoshida4(), dt=0.1)
    u0 = torch.rand(3, 2, 1, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda u: solve(u, [0.0, 0.3]), u0)
    wide, narrow = solve(u0, [0.0, 0.3]), solve(u0.detach().float(), [0.0, 0.3])
    assert narrow.dtype == torch.float32
    torch.testing.assert_close(narrow.double(), wide.detach(), atol=1e-6, rtol=0)


def test_what_is_not_separable_is_refused():
    u = torch.ones(1, 2, 1, dtype=F64)
    solve = Solver(Oscillators(friction=0.1), POINT, stepper=Leapfrog(), dt=0.1)
    with pytest.raises(ArgumentError, match=r"stepper: found .*drive momenta.*RK4"):
        solve(u, [0.0, 0.1])
    solve = Solver(Heat(1.0), POINT, stepper=Leapfrog(), dt=0.1)
    with pytest.raises(ArgumentError, match=r"symplectic stepper for Heat.*momenta ="):
        solve(u[:, :1], [0.0, 0.1])
