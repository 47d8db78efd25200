import copy
import math
import pickle
from math import inf, nan, pi
from typing import ClassVar

import pytest
import torch
from torch import nn

from physbias.errors import (
    ArgumentError,
    DivergenceError,
    NonFiniteError,
    ShapeError,
    StabilityError,
)
from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin
from physbias.numerics import (
    ARS443,
    RK2,
    RK4,
    SSPRK3,
    DormandPrince,
    Euler,
    FiniteDifference,
    Spectral,
)
from physbias.pdes import (
    PDE,
    AdvectionDiffusion,
    Burgers,
    Heat,
    NavierStokes,
    TracerFlow,
    pde,
)
from physbias.strong import Adjoint, Checkpoint, Solver

F64 = torch.float64
LINE = Grid((32,), (2 * pi,), boundary=Periodic())


def exact(t: float) -> torch.Tensor:
    """Cole-Hopf for viscosity 0.5: phi = 2 + e^(-t/2) cos x."""
    x = LINE.coords(dtype=F64)
    a = torch.exp(torch.tensor(-0.5 * t, dtype=F64))
    return a * torch.sin(x) / (2 + a * torch.cos(x))


@pytest.mark.parametrize(
    ("stepper", "order"),
    [(Euler(), 1), (RK2(), 2), (SSPRK3(), 3), (RK4(), 4), (ARS443(), 3)],
    ids=repr,
)
def test_order_in_time(stepper, order, observed):
    """Against a much finer RK4, which itself meets the closed form."""

    def run(stepper, dt: float) -> torch.Tensor:
        options = {"scheme": Spectral(dealias=None), "allow_unstable": True}
        solve = Solver(Burgers(0.5), LINE, stepper=stepper, dt=dt, **options)
        return solve(exact(0), [0.0, 0.5])[:, -1]

    truth = run(RK4(), 5e-4)
    torch.testing.assert_close(truth, exact(0.5), atol=1e-9, rtol=0)
    steps = (0.01, 0.005)
    errors = [float((run(stepper, dt) - truth).abs().max()) for dt in steps]
    assert observed(steps, errors)[0] == pytest.approx(order, abs=0.1)


# --- stability ------------------------------------------------------------------


def rough(grid: Grid, channels: int) -> torch.Tensor:
    return torch.rand(2, channels, *grid.num_points, dtype=F64) - 0.5


PLANE = Grid((16, 21), (1.0, 2.0), boundary=Periodic())
WALLS = Grid((16, 21), (1.0, 2.0), boundary=[Neumann(), (Dirichlet(), Neumann())])
CASES = [
    (Heat(0.1), PLANE, FiniteDifference(2)),
    (Heat(0.1), WALLS, FiniteDifference(4)),
    (Heat(0.1), WALLS, FiniteDifference(8)),
    (Heat(0.1), PLANE, Spectral()),
    (AdvectionDiffusion(0.01, (1.0, -2.0)), PLANE, FiniteDifference(4)),
    (AdvectionDiffusion(0.001, (1.0, 0.5)), PLANE, Spectral()),
    (AdvectionDiffusion(0.01, (0.5, 0.2)), WALLS, FiniteDifference(4)),
]


@pytest.mark.parametrize("stepper", [SSPRK3(), RK4(), RK2()], ids=repr)
@pytest.mark.parametrize(("equation", "grid", "scheme"), CASES)
def test_the_accepted_limit_is_stable_and_more_is_refused(
    equation, grid, scheme, stepper
):
    options = {"scheme": scheme, "stepper": stepper}
    u0 = rough(grid, 1)
    free = Solver(equation, grid, **options, dt=1.0, allow_unstable=True)
    limit = free.stable_step(u0)
    solve = Solver(equation, grid, **options, dt=limit)
    u = solve(u0, [0.0, 400 * limit])[:, -1]
    assert float(u.abs().max()) < 2 * float(u0.abs().max())
    greedy = Solver(equation, grid, **options, dt=1.2 * limit)
    other = "SDIRK2" if grid is WALLS else "ARS443"  # what has no such limit there
    message = rf"dt: found {1.2 * limit:.4g}, expected at most {limit:.4g}.*{other}"
    with pytest.raises(StabilityError, match=message):
        greedy(u0, [0.0, 1.0])


def test_the_limit_is_not_far_below_what_blows_up():
    """1.3 times the limit of diffusion does grow: the guard is not timid."""
    u0 = rough(PLANE, 1)
    free = Solver(Heat(0.1), PLANE, dt=1.0, allow_unstable=True)
    wild = Solver(Heat(0.1), PLANE, dt=1.3 * free.stable_step(u0), allow_unstable=True)
    assert float(wild(u0, [0.0, 100 * wild.dt])[:, -1].abs().max()) > 1e3


def shear(grid: Grid) -> torch.Tensor:
    x, y = (
        w + torch.zeros(1, 1, *grid.num_points)
        for w in grid.coords(dtype=F64).split(1, dim=1)
    )
    u = torch.tanh(5 * torch.sin(2 * pi * y / grid.lengths[1]))
    v = 0.1 * torch.sin(2 * pi * x / grid.lengths[0])
    return torch.cat([u, v, u], 1).repeat(2, 1, 1, 1)


@pytest.mark.parametrize("scheme", [FiniteDifference(4), Spectral()], ids=repr)
def test_shear_flow_runs_at_its_limit(scheme):
    grid = Grid((24, 36), (1.0, 2.0), boundary=Periodic())
    free = Solver(TracerFlow(2e-3), grid, scheme=scheme)
    limit = free.stable_step(shear(grid))
    solve = Solver(TracerFlow(2e-3), grid, scheme=scheme, dt=limit)
    u = solve(shear(grid), [0.0, 300 * limit])
    assert float(u[:, -1].abs().max()) < 1.5
    with pytest.raises(StabilityError, match="dt: found"):
        Solver(TracerFlow(2e-3), grid, scheme=scheme, dt=1.2 * limit)(
            shear(grid), [0.0, 1.0]
        )


def test_diffusion_alone_limits_an_implicit_stepper_not():
    solve = Solver(Heat(10.0), LINE, stepper=ARS443(), dt=5.0)
    u = solve(rough(LINE, 1), [0.0, 50.0])[:, -1]
    assert float((u - u.mean(2, keepdim=True)).abs().max()) < 1e-3


def test_without_dt_a_call_does_not_depend_on_earlier_ones():
    solve = Solver(Burgers(0.05), LINE)
    alone = solve(exact(0), [0.0, 1.0])
    for factor in (0.5, 1.05, 3.0, 1.0):
        solve(factor * exact(0), [0.0, 0.5])
    assert torch.equal(solve(exact(0), [0.0, 1.0]), alone)


def test_where_nothing_happens_one_step_does():
    found = Solver(Heat(0.0), LINE)(exact(0), [0.0, 1.0])
    assert torch.equal(found[:, 1], exact(0))


# --- what is asked and what comes back -------------------------------------------


def test_output_times_are_met_by_equal_steps():
    """u' = 1 counts the time."""
    clock = pde(lambda u, d: torch.ones_like(u), "u")
    solve = Solver(clock, LINE, stepper=Euler(), dt=0.03)
    times = [1.0, 1.01, 1.1, 1.7]
    u = solve(torch.zeros(2, 1, 32, dtype=F64), times)
    expected = torch.tensor(times, dtype=F64) - 1
    torch.testing.assert_close(u[1, :, 0, 5], expected)
    assert u.shape == (2, 4, 1, 32)
    stream = list(solve.stream(torch.zeros(2, 1, 32, dtype=F64), times))
    assert torch.equal(torch.stack(stream, 1), u)


@pytest.mark.parametrize(
    "times",
    [
        (0, 1),
        torch.arange(2),
        torch.tensor([0.0, 1.0], requires_grad=True),
        torch.tensor([0.0, 1.0], dtype=F64),
    ],
)
def test_times_of_every_kind(times):
    solve = Solver(Heat(0.1), LINE, dt=0.05)
    assert torch.equal(solve(exact(0), times), solve(exact(0), [0.0, 1.0]))


def test_the_first_state_is_what_the_constraints_admit(box):
    """Also without a single step, and the rest follows from it."""
    solve = Solver(TracerFlow(0.1), box, dt=0.01)
    u0 = torch.randn(2, 3, 12, 15, dtype=F64)
    d = solve.system(u0).derivatives
    first = solve(u0, [0.0])[:, 0]
    assert float(d.div(first[:, :2]).abs().max()) < 1e-12
    assert float(d.div(u0[:, :2]).abs().max()) > 1
    u = solve(u0, [0.0, 0.05])
    assert torch.equal(u[:, 0], first)
    assert float(d.div(u[:, 1, :2]).abs().max()) < 1e-12
    torch.testing.assert_close(solve(first, [0.0, 0.05]), u)


def test_inputs_stay_as_they_were_and_may_be_strided(box, smooth):
    solve, u0 = Solver(TracerFlow(0.1), box, dt=0.01), smooth(box, 3)
    before = u0.clone()
    u = solve(u0, [0.0, 0.1])
    assert torch.equal(u0, before)
    strided = u0.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    assert not strided.is_contiguous()
    torch.testing.assert_close(solve(strided, [0.0, 0.1]), u, rtol=0, atol=1e-14)


def test_modes_without_gradients(box, smooth):
    solve, u0 = Solver(TracerFlow(0.1), box, scheme=Spectral(), dt=0.01), smooth(box, 3)
    with torch.inference_mode():
        u = solve(u0, [0.0, 0.1])
    with torch.no_grad():
        assert torch.equal(solve(u0, [0.0, 0.1]), u)
    u0.requires_grad_()
    trained = solve(u0, [0.0, 0.1])  # what inference mode made must not be in the way
    trained.sum().backward()
    assert torch.equal(trained.detach(), u)
    assert solve.stable_step(u0) > 0
    assert not solve(u0.detach(), [0.0, 0.1]).requires_grad


def test_float32_agrees_with_float64(box, smooth):
    u0 = smooth(box, 3)
    for options in (
        {},
        {"scheme": Spectral()},
        {"stepper": ARS443()},
        {"scheme": FiniteDifference(8)},
    ):
        solve = Solver(TracerFlow(0.05), box, dt=0.01, **options)
        wide, narrow = solve(u0, [0.0, 0.5]), solve(u0.float(), [0.0, 0.5])
        assert narrow.dtype == torch.float32
        torch.testing.assert_close(narrow.double(), wide, atol=1e-5, rtol=0)


def test_a_coefficient_in_float64_does_not_widen_the_state(box, smooth):
    nu = torch.tensor([0.1, 0.2], dtype=F64)
    for stepper in (SSPRK3(), ARS443()):
        solve = Solver(TracerFlow(nu, 0.1), box, stepper=stepper, dt=0.01)
        assert solve(smooth(box, 3).float(), [0.0, 0.05]).dtype == torch.float32


def test_saved_loaded_copied_and_pickled(box, smooth):
    u0 = smooth(box, 3)
    nu = torch.tensor([0.1, 0.2], dtype=F64)
    solve = Solver(TracerFlow(nu, nn.Parameter(torch.tensor(0.3))), box, dt=0.01)
    u = solve(u0, [0.0, 0.1])
    assert set(solve.state_dict()) == {"pde.viscosity", "pde.diffusivity"}
    fresh = TracerFlow(torch.zeros(2, dtype=F64), nn.Parameter(torch.tensor(0.0)))
    other = Solver(fresh, box, dt=0.01)
    other(u0, [0.0, 0.1])
    other.load_state_dict(solve.state_dict())
    for twin in (other, copy.deepcopy(solve), pickle.loads(pickle.dumps(solve))):
        assert torch.equal(twin(u0, [0.0, 0.1]), u)
    # a copy has coefficients of its own
    twin = copy.deepcopy(solve)
    with torch.no_grad():
        twin.pde.viscosity.mul_(2)
    assert not torch.equal(twin(u0, [0.0, 0.1]), u)
    assert torch.equal(solve(u0, [0.0, 0.1]), u)
    assert solve.to(torch.float32).pde.viscosity.dtype == torch.float32


def test_another_equation_takes_the_place_of_the_first():
    solve = Solver(Heat(0.1), LINE, dt=0.05)
    solve(exact(0), [0.0, 1.0])
    solve.pde = Heat(0.05)
    fresh = Solver(Heat(0.05), LINE, dt=0.05)
    assert torch.equal(solve(exact(0), [0.0, 1.0]), fresh(exact(0), [0.0, 1.0]))


def test_forcing_that_knows_time_and_place():
    """u = sin x sin t solves u_t = u_xx + sin x (cos t + sin t)."""

    def rhs(u, d):
        return d.laplacian(u) + torch.sin(d.coords) * (
            torch.cos(d.time) + torch.sin(d.time)
        )

    solve = Solver(pde(rhs, "u"), LINE, scheme=Spectral(), stepper=RK4(), dt=0.01)
    x = LINE.coords(dtype=F64)
    t = torch.tensor(1.3, dtype=F64)
    u = solve(torch.sin(x) * torch.sin(torch.tensor(0.3, dtype=F64)), [0.3, 1.3])[:, -1]
    torch.testing.assert_close(u, torch.sin(x) * torch.sin(t), atol=1e-8, rtol=0)


# torch's own words about its compiler, not about our code
TORCH_WORDS = pytest.mark.filterwarnings(
    "ignore:Torchinductor does not support code generation for complex operators",
    "ignore:The .grad attribute of a Tensor that is not a leaf",
)
UNEVEN = [0.1 * n / 3 for n in range(21)]  # equal but for their last digits


@TORCH_WORDS
def test_what_follows_from_a_state_follows_at_its_time():
    """A force cos(2 t) sin(x) along x is all pressure: p = -cos(2 t) cos(x)."""

    class Driven(NavierStokes):
        def rhs(self, u, d):
            return super().rhs(u, d) + self.force(d)

        def force(self, d):
            x = d.coords[:, :1]
            push = torch.cos(2 * d.time) * torch.sin(x)
            return torch.cat([push, 0 * push], 1)

        def diagnose(self, u, d):
            pressure = d.inverse_laplacian(d.div(self.force(d)))
            return {"pressure": pressure}

    grid = Grid((16, 12), (2 * pi, 2 * pi), boundary=Periodic())
    solve = Solver(Driven(0.1), grid, scheme=Spectral())
    u = torch.zeros(2, 2, 16, 12, dtype=F64)
    for time in (0.0, pi / 2):
        found = solve.diagnose(u, time=time)["pressure"]
        expected = -math.cos(2 * time) * torch.cos(grid.coords(dtype=F64)[:, :1])
        torch.testing.assert_close(found, expected.expand_as(found))


def test_a_compiled_step_equals_an_eager_one():
    """Intervals that differ in their last digits must not be programs of their own."""
    found = []
    for compiled in (False, True):
        solve = Solver(
            Heat(0.1),
            LINE,
            scheme=FiniteDifference(2),
            stepper=Euler(),
            dt=0.02,
            compile=compiled,
        )
        found.append(solve(exact(0), UNEVEN))
    torch.testing.assert_close(found[1], found[0], rtol=1e-12, atol=1e-12)
    pickle.dumps(solve)  # also after it has compiled


@pytest.mark.slow  # half a minute of compiling each
@TORCH_WORDS
@pytest.mark.parametrize(
    "options", [{}, {"scheme": Spectral()}, {"stepper": ARS443()}], ids=str
)
def test_compiled_gradients_equal_eager_ones(options, box, smooth):
    nu = nn.Parameter(torch.tensor(0.05, dtype=F64))
    u0, found = smooth(box, 3), []
    for compiled in (False, True):
        solve = Solver(TracerFlow(nu, 0.1), box, dt=0.02, compile=compiled, **options)
        u = solve(u0, UNEVEN)
        found.append((u, *torch.autograd.grad(u.square().sum(), nu)))
    for eager, fused in zip(*found, strict=True):
        torch.testing.assert_close(fused, eager, rtol=1e-12, atol=1e-12)


# --- errors ----------------------------------------------------------------------


class Silent(PDE):
    fields: ClassVar = {"u": 1}


@pytest.mark.parametrize(
    ("u0", "error", "message"),
    [
        (torch.ones(1, 2, 32), ShapeError, r"u0: found 2 channels, expected 1 \(vel"),
        (torch.ones(1, 1, 16), ShapeError, r"u0: found spatial shape \(16,\).*\(32,\)"),
        (torch.ones(1, 32), ShapeError, r"u0: found 2 axes.*unsqueeze"),
        (torch.ones(1, 1, 32) * float("nan"), NonFiniteError, "u0: found 32 NaN"),
        (
            torch.ones(1, 1, 32).long(),
            ArgumentError,
            r"u0: found dtype torch.int64.*\(",
        ),
        (torch.ones(1, 1, 32) + 0j, ArgumentError, "u0: found dtype torch.complex64"),
    ],
)
def test_states_that_do_not_fit(u0, error, message):
    with pytest.raises(error, match=message):
        Solver(Burgers(0.1), LINE, dt=0.01)(u0, [0.0, 1.0])


@pytest.mark.parametrize(
    "times", [[], [0.0, 0.0], [1.0, 0.5], [0.0, float("nan")], [0.0, float("inf")]]
)
def test_times_that_do_not_rise(times):
    with pytest.raises(
        ArgumentError, match=r"times: found .*strictly increasing; sort"
    ):
        Solver(Burgers(0.1), LINE, dt=0.01)(exact(0), times)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": 0.0}, "dt: found 0.0, expected a positive number.*leave it out"),
        ({"dt": float("nan")}, "dt: found nan"),
        ({"gradient": Adjoint()}, r"gradient: found Adjoint\(\) with fixed.*Backprop"),
        (
            {"stepper": DormandPrince(), "dt": 0.1},
            "stepper: found DormandPrince with dt",
        ),
        ({"stepper": DormandPrince(), "compile": True}, "stepper: .*compile.*RK4"),
        (
            {"stepper": DormandPrince(), "gradient": Checkpoint()},
            "stepper: .*Checkpoint",
        ),
    ],
)
def test_choices_that_exclude_each_other(options, message):
    with pytest.raises(ArgumentError, match=message):
        Solver(Heat(), LINE, **options)


def test_walls_are_refused_by_what_needs_waves():
    walls = Grid((16, 16), (1.0, 1.0), boundary=[Periodic(), Dirichlet()])
    leaky = Grid((16,), (1.0,), boundary=[(Robin(1.0, 1.0), Dirichlet())])
    with pytest.raises(ArgumentError, match=r"grid: found Robin.*the spectral scheme"):
        Solver(Heat(), leaky, scheme=Spectral())
    with pytest.raises(ArgumentError, match=r"grid: .*walls.*Leray projection"):
        Solver(TracerFlow(), walls)(torch.ones(1, 3, 16, 16), [0.0, 1.0])
    with pytest.raises(ArgumentError, match=r"grid: .*walls.*Fourier symbol"):
        Solver(Heat(), walls, stepper=ARS443(), dt=0.1)(
            torch.ones(1, 1, 16, 16), [0.0, 1.0]
        )


def test_an_equation_without_words():
    with pytest.raises(ArgumentError, match=r"pde: found Silent, which has no rhs"):
        Solver(Silent(), LINE)
    with pytest.raises(ArgumentError, match="fields: found none in PDE"):
        Solver(PDE(), LINE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pde": Heat}, r"pde: found the class Heat, .*instance: Heat\("),
        ({"pde": None}, "pde: found None, expected PDE; use one of physbias.pdes"),
        ({"grid": (32,)}, r"grid: found \(32,\), expected Grid"),
        ({"scheme": 4}, "scheme: found 4, expected Scheme"),
        ({"stepper": "rk4"}, r"stepper: found 'rk4', .*such as RK4\(\)"),
    ],
)
def test_parts_that_are_none(options, message):
    with pytest.raises(ArgumentError, match=message):
        Solver(**{"pde": Heat(), "grid": LINE, **options})


@pytest.mark.parametrize("stepper", [SSPRK3(), DormandPrince()], ids=repr)
def test_coefficients_of_another_batch_are_named(stepper):
    solve = Solver(Heat(torch.full((3,), 0.1)), LINE, stepper=stepper)
    message = r"pde: found diffusivity \(3,\) for states of shape \(2, 1, 32\)"
    with pytest.raises(ShapeError, match=message):
        solve(torch.ones(2, 1, 32), [0.0, 0.1])


def test_a_blow_up_names_its_step():
    """Doubling each step from 1e300: above 1.8e308 after step 28."""
    double = pde(lambda u, d: u, "u")
    solve = Solver(double, LINE, stepper=Euler(), dt=1.0, allow_unstable=True)
    u0 = torch.full((2, 1, 32), 1e300, dtype=F64)
    message = (
        r"solution: found NaN or infinity after step 28 \(t = 28, dt = 1\).*1.34e\+308"
    )
    with pytest.raises(DivergenceError, match=message):
        solve(u0, [0.0, 10.0, 40.0])


def test_an_adaptive_solver_takes_no_single_step():
    solve = Solver(Heat(), LINE, stepper=DormandPrince())
    with pytest.raises(
        ArgumentError, match=r"stepper: found DormandPrince.*with times"
    ):
        solve.step(exact(0))
    assert solve.stable_step(exact(0)) == float("inf")


@pytest.mark.parametrize(
    ("rhs", "start", "end", "exact"),
    [
        (lambda u, d: u, 1.0, 5.0, math.exp(5)),
        (lambda u, d: -u, 1.0, 5.0, math.exp(-5)),
        (lambda u, d: u * (1 - u), 0.01, 5.0, 1 / (1 + 99 * math.exp(-5))),
        (lambda u, d: torch.cos(10 * d.time) + 0 * u, 0.0, 2.0, math.sin(20) / 10),
    ],
    ids=["growth", "decay", "logistic", "forcing"],
)
def test_a_step_that_nobody_gave_is_accurate_too(rhs, start, end, exact):
    """Nothing here limits stability at the steps that accuracy needs."""
    grid = Grid((8,), (1.0,), boundary=Periodic())
    u0 = torch.full((2, 1, 8), start, dtype=torch.float64)
    found = Solver(pde(rhs, "u"), grid)(u0, [0.0, end])[:, -1]
    assert found.sub(exact).abs().max() < 2e-3 * abs(exact)


@pytest.mark.parametrize("name", ["allow_unstable", "compile"])
@pytest.mark.parametrize("value", ["no", None, 1])
def test_switches_that_are_no_truth_values_are_refused(name, value):
    message = rf"{name}: found {value!r}, expected bool; write True or False"
    with pytest.raises(ArgumentError, match=message):
        Solver(Heat(), LINE, **{name: value})


def test_states_without_sense_are_refused_wherever_they_are_asked_for():
    solver = Solver(Heat(), LINE)
    for ask in (solver.stable_step, solver.diagnose):
        with pytest.raises(ArgumentError, match="u: found ndarray, expected a real"):
            ask(torch.ones(1, 1, 32).numpy())
        with pytest.raises(ShapeError, match="u: found 2 axes, shape"):
            ask(torch.ones(1, 32))
        with pytest.raises(ShapeError, match="u: found 2 channels, expected 1"):
            ask(torch.ones(1, 2, 32))
    with pytest.raises(ArgumentError, match="u: found NoneType, expected a real"):
        solver.system(None)


@pytest.mark.parametrize("time", ["noon", nan, None])
@pytest.mark.parametrize("method", ["step", "diagnose", "stable_step"])
def test_times_that_are_none_are_refused(method, time, box, smooth):
    solve, u = Solver(TracerFlow(1e-2), box), smooth(box, 3)
    with pytest.raises(ArgumentError, match=f"time: found {time!r}, expected "):
        getattr(solve, method)(u, time=time)


@pytest.mark.parametrize("dt", ["long", 0.0, -1.0, inf, nan])
def test_a_single_step_has_a_length(dt, box, smooth):
    with pytest.raises(ArgumentError, match=f"dt: found {dt!r}, expected a positive"):
        Solver(TracerFlow(1e-2), box).step(smooth(box, 3), dt=dt)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_right_hand_side_that_changes_the_state_is_refused(mode):
    line = Grid((16,), (1.0,), boundary=Periodic())
    solve = Solver(pde(lambda u, d: u.mul_(2.0), "u"), line, dt=1e-3)
    with mode():
        u0 = torch.sin(2 * pi * line.coords())
        with pytest.raises(ArgumentError, match="rhs: found an in-place change"):
            solve(u0, [0.0, 0.01])
