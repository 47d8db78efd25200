from math import cos, exp, inf, pi
from typing import ClassVar

import pytest
import torch
from torch import nn

from physbias.errors import DivergenceError, StabilityError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic
from physbias.numerics import (
    ETDRK4,
    MUSCL,
    RK4,
    SDIRK2,
    SSPRK3,
    DormandPrince,
    Euler,
    FiniteDifference,
    SemiDiscrete,
    Spectral,
)
from physbias.pdes import PDE, Burgers, Heat, InviscidBurgers, KortewegDeVries, pde
from physbias.strong import Hybrid, Solver
from physbias.strong.limits import (
    MEETING,
    SAFETY,
    accurate_step,
    admitted_step,
    stable_step,
)

LINE = Grid((16,), (2 * pi,), boundary=Periodic())
OPTIONS = {
    "stepper": Euler(),
    "scheme": FiniteDifference(2),
    "system": SemiDiscrete(Heat(0.5), FiniteDifference(2).bind(LINE)),
}


def test_the_limit_of_diffusion():
    """Euler with central differences: h^2 / (2 D), less the margin of the spectrum."""
    scheme = FiniteDifference(2).bind(LINE, dtype=torch.float64)
    system = SemiDiscrete(Heat(0.5), scheme)
    u = torch.sin(LINE.coords(dtype=torch.float64))
    limit = LINE.spacing[0] ** 2
    assert 0.9 * limit < stable_step(system, Euler(), u, 0.0) < 1.001 * limit
    assert stable_step(system, RK4(), u, 0.0) > 1.2 * limit
    assert stable_step(system, DormandPrince(), u, 0.0) == inf


def test_modes_that_a_scheme_removes_do_not_count():
    """Exponential steps of a soliton: advection limits them, dispersion does not."""
    line = Grid((128,), (40.0,), boundary=Periodic(), origin=(-20.0,))
    equation = KortewegDeVries()
    u = equation.soliton(line.coords(dtype=torch.float64), 0.0)
    system = SemiDiscrete(equation, Spectral().bind(line, dtype=torch.float64))
    wavenumber = 42 * 2 * pi / 40  # the highest that is kept
    fastest = 6 * 0.5 * wavenumber  # of RK4's 2.8, less the margin
    assert stable_step(system, ETDRK4(), system.admit(u), 0.0) > 2 / fastest
    assert stable_step(system, RK4(), system.admit(u), 0.0) < 3 / wavenumber**3


def test_the_step_shrinks_until_it_is_accurate():
    """One step and two of a part p and the rest by Euler differ by p (1 - p) dt^2."""

    def step(u, time, dt):
        return u * (1 - dt)

    one = {"u": torch.ones(1, 1, 1), "time": 0.0, "fields": (slice(0, 1),)}
    dt = SAFETY * accurate_step(step, **one, limit=2.0, span=10.0)
    # MEETING (1 - MEETING) dt^2 of a state that is one at the start
    part = MEETING * (1 - MEETING)
    assert part * dt**2 <= 1e-4 < part * (2 * dt) ** 2
    assert accurate_step(step, **one, limit=0.0, span=1.0) == 0.0


def test_a_state_near_zero_does_not_ask_for_ever_shorter_steps():
    """A wall at 1 beside zeros: the error counts against what the wall soon makes.

    Relative to the first state alone 5760 evaluations went into 0.1 s.
    """
    calls = []

    def rhs(u, d):
        calls.append(1)
        return 0.05 * d.laplacian(u)

    grid = Grid((32, 24), (1.0, 0.5), boundary=Dirichlet(1.0))
    u0 = torch.zeros(1, 1, 32, 24, dtype=torch.float64)
    found = Solver(pde(rhs, "u"), grid)(u0, [0.0, 0.1])[:, -1]
    number = len(calls)
    fine = Solver(pde(rhs, "u"), grid, dt=2e-4)(u0, [0.0, 0.1])[:, -1]
    assert number < 2000
    torch.testing.assert_close(found, fine, rtol=0, atol=1e-6)


def test_a_forcing_in_step_with_the_output_is_seen():
    """u' = sin^2(pi t): every half, quarter and end of a day of 1 or 8 s is a zero."""

    def rhs(u, d):
        return torch.sin(pi * d.time) ** 2 + 0 * u

    u0 = torch.zeros(2, 1, 16, dtype=torch.float64)
    for times in ([0.0, 8.0], [float(day) for day in range(9)]):
        for stepper in (SSPRK3(), RK4()):
            solve = Solver(pde(rhs, "u"), LINE, stepper=stepper)
            torch.testing.assert_close(
                solve(u0, times)[:, -1], u0 + 4.0, rtol=0, atol=2e-3
            )


def test_a_law_that_adds_diffusion_is_held_to_its_limit():
    """SSPRK3 allows 2.51 h^2 / (4 D); the speeds alone would allow 400 times more."""

    class Viscous(InviscidBurgers):
        def rhs(self, u, d):
            return super().rhs(u, d) + 0.5 * d.laplacian(u)

    grid = Grid((100,), (1.0,), boundary=Periodic())
    u = 0.1 * torch.sin(2 * pi * grid.coords(dtype=torch.float64))
    limit = Solver(Viscous(), grid, scheme=MUSCL()).stable_step(u)
    textbook = 2.51 / (4 * 0.5 * 100**2)
    assert 0.5 * textbook < limit < textbook


def test_a_step_is_taken_or_refused():
    assert admitted_step(0.1, 0.2, **OPTIONS) == 0.1
    assert admitted_step(None, 0.2, **OPTIONS) == pytest.approx(0.16)
    with pytest.raises(StabilityError, match=r"dt: found 0.3, expected at most 0.2"):
        admitted_step(0.3, 0.2, **OPTIONS)
    for limit in (0.0, inf):
        with pytest.raises(StabilityError, match="dt: found no dt, and a stability"):
            admitted_step(None, limit, **OPTIONS)


POINT = Grid((4,), (1.0,), boundary=Periodic())


def level(*values):
    """Return a batch of states that are the same everywhere."""
    u = torch.tensor(values, dtype=torch.float64)
    return u.reshape(len(values), -1, 1).expand(-1, -1, 4).clone()


@pytest.mark.parametrize("stepper", [SSPRK3(), RK4()], ids=repr)
def test_a_state_that_is_to_grow_is_no_yardstick_of_its_errors(stepper):
    """u' = tanh u - u / 2 from 0.01 ends where tanh u = u / 2, at 1.91500805."""
    saturating = pde(lambda u, d: torch.tanh(u) - u / 2, "u")
    for times in ([0.0, 200.0, 400.0], [0.0, 400.0]):
        found = Solver(saturating, POINT, stepper=stepper)(level(0.01, -0.02), times)
        assert found[0, -1].mean() == pytest.approx(1.91500805, rel=1e-4)
        assert found[1, -1].mean() == pytest.approx(-1.91500805, rel=1e-4)
    spread = pde(lambda u, d: 0.01 * d.laplacian(u) + torch.tanh(u) - u / 2, "u")
    rod = Grid((16,), (20.0,), boundary=Neumann(0.0))
    u0 = 0.01 * (1 + 0.5 * torch.cos(pi * rod.coords(dtype=torch.float64) / 20))
    found = Solver(spread, rod, stepper=stepper)(u0, [0.0, 400.0])[:, -1]
    torch.testing.assert_close(
        found, torch.full_like(u0, 1.91500805), rtol=1e-4, atol=0
    )


def test_what_begins_later_is_looked_at_when_it_begins():
    """u' = sin(20 (t - 5)) from t = 5 on, which leaves the size of the state alone."""

    def rhs(u, d):
        late = torch.where(d.time > 5.0, 1.0, 0.0)
        return late * torch.sin(20 * (d.time - 5.0)) + 0 * u

    exact = (1 - cos(20.0)) / 20
    for start in (0.0, 10.0):
        solve = Solver(pde(rhs, "u"), POINT)
        found = solve(level(start), [float(t) for t in range(7)])[0, -1].mean()
        assert found == pytest.approx(start + exact, abs=1e-4)


def test_diffusion_that_begins_later_limits_the_step_then():
    """A diffusivity 1000 times as large from t = 1 on; a wave of number 2 pi decays."""

    def rhs(u, d):
        return torch.where(d.time > 1.0, 1e-2, 1e-5) * d.laplacian(u)

    line = Grid((64,), (1.0,), boundary=Periodic())
    x = line.coords(dtype=torch.float64)
    u0 = torch.cos(2 * pi * x) + 1e-9 * torch.cos(64 * pi * x)
    solve = Solver(pde(rhs, "u"), line, scheme=Spectral(None))
    found = solve(u0, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0])[:, -1]
    decay = exp(-4 * pi**2 * (1e-5 + 2 * 1e-2))
    torch.testing.assert_close(found, decay * torch.cos(2 * pi * x), rtol=0, atol=1e-4)


def test_each_field_of_each_sample_is_resolved():
    """c' = -k c beside 300 K, for a slow sample and a fast one."""

    class Reactor(PDE):
        fields: ClassVar = {"temperature": 1, "c": 1}

        def rhs(self, u, d):
            temperature, c = self.split(u)
            rate = d.coefficient(torch.tensor([1e-3, 1.0], dtype=torch.float64))
            heated = 1e-3 * d.of("temperature").laplacian(temperature)
            return self.join(temperature=heated, c=-rate * c)

    u0 = level((300.0, 5.0), (300.0, 1e-3))
    for stepper in (SSPRK3(), RK4(), SDIRK2()):
        found = Solver(Reactor(), POINT, stepper=stepper)(u0, [0.0, 1.5])[:, -1, 1, 0]
        assert found[0] == pytest.approx(5.0 * exp(-1.5e-3), rel=2e-4)
        assert found[1] == pytest.approx(1e-3 * exp(-1.5), rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_field_of_rounding_alone_asks_for_nothing(dtype):
    """A velocity that the rounding of 300 K drives: some hundred evaluations do."""
    calls = []

    class Resting(PDE):
        fields: ClassVar = {"temperature": 1, "velocity": 1}

        def rhs(self, u, d):
            calls.append(1)
            warm, _ = self.split(u)
            wave = 1 + 1e-3 * torch.sin(1e6 * warm)  # as rough as rounding is
            noise = torch.finfo(dtype).eps * warm * torch.sign(torch.sin(7e8 * d.time))
            return self.join(temperature=-warm * wave, velocity=noise * wave)

    u0 = level((300.0, 0.0)).to(dtype)
    found = Solver(Resting(), POINT)(u0, [0.0, 0.1])[0, -1, 0, 0]
    assert found == pytest.approx(300 * exp(-0.1), rel=2e-3)
    assert len(calls) < 1000


def test_implicit_steps_that_find_no_root_are_tried_shorter():
    """The logistic: u = u0 e^t / (1 - u0 + u0 e^t)."""
    logistic = pde(lambda u, d: u * (1 - u), "u")
    for end in (5.0, 50.0):
        found = Solver(logistic, POINT, stepper=SDIRK2())(level(0.01), [0.0, end])
        grown = 0.01 * exp(end)
        assert found[0, -1].mean() == pytest.approx(grown / (0.99 + grown), rel=1e-3)


@pytest.mark.parametrize(
    ("scale", "dtype"),
    [(1e20, torch.float32), (1e-24, torch.float32), (1e160, torch.float64)],
)
def test_states_whose_squares_are_no_numbers_are_resolved(scale, dtype):
    decaying = pde(lambda u, d: -u, "u")
    found = Solver(decaying, POINT)((level(2.0) * scale).to(dtype), [0.0, 2.0])[:, -1]
    assert float(found.mean()) / scale == pytest.approx(2 * exp(-2.0), rel=1e-3)


def test_steps_that_a_jump_makes_endless_are_refused():
    """Friction: u comes to rest at t = 1, and then shakes about zero."""
    rubbed = pde(lambda u, d: -torch.sign(u), "u")
    u0 = torch.sin(LINE.coords(dtype=torch.float64))
    with pytest.raises(StabilityError, match=r"times: found 3 s in .* look for jumps"):
        Solver(rubbed, LINE)(u0, [0.0, 1.0, 4.0])


def test_tries_leave_what_is_learned_alone():
    """Neither running means nor dropout take part in the choice of the step."""
    net = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(0.5))
    modes = []
    net.register_forward_pre_hook(lambda net, _: modes.append(net.training))
    hybrid = Hybrid(Solver(Heat(1e-3), LINE), net)
    u0 = torch.sin(LINE.coords()).expand(2, -1, -1)
    with torch.no_grad():
        hybrid.gain.fill_(1.0)
        hybrid(u0, [0.0, 0.1])
    tries = modes.count(False)
    assert tries > 0
    assert modes == [False] * tries + [True] * (len(modes) - tries)
    assert int(net[0].num_batches_tracked) == modes.count(True)


def test_what_no_step_resolves_is_refused():
    wild = pde(lambda u, d: 1e25 * torch.sin(1e15 * d.time) + 0 * u, "u")
    with pytest.raises(StabilityError, match="dt: found no step from 1 s down to"):
        Solver(wild, POINT)(level(1.0), [0.0, 1.0])


def test_what_is_not_finite_is_named_by_the_solve():
    broken = pde(lambda u, d: torch.log(0.5 - d.time) * u, "u")
    with pytest.raises(
        DivergenceError, match=r"rhs: found NaN .* at the state given, "
    ):
        Solver(broken, POINT)(level(1.0), [1.0, 2.0])
    late = pde(lambda u, d: torch.where(d.time > 0, torch.nan, -u), "u")
    with pytest.raises(DivergenceError, match=r"solution: found NaN .*after step 1 "):
        Solver(late, POINT)(level(1.0), [0.0, 1.0])


@pytest.mark.parametrize(
    ("equation", "options", "end"),
    [
        (Heat(1e8), {}, 1e6),
        (Heat(0.01), {"dt": 1e-14}, 1.0),
        (Burgers(0.01), {}, 1e10),
    ],
)
def test_more_steps_than_any_machine_takes_are_refused(equation, options, end):
    u0 = torch.sin(LINE.coords(dtype=torch.float64))
    with pytest.raises(StabilityError, match=r"times: found .* units of the state"):
        Solver(equation, LINE, **options)(u0, [0.0, end])
