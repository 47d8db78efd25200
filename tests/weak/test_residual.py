import copy
import pickle
from math import pi

import pytest
import torch
from torch import Tensor

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic, Robin
from physbias.numerics import RK4, FiniteDifference, Spectral
from physbias.pdes import Burgers, Heat, TracerFlow, pde
from physbias.strong import Solver
from physbias.weak import ResidualLoss

F64 = torch.float64
LINE = Grid((16,), (2 * pi,), boundary=Periodic())


def decay(rates: list[float], times: list[float], grid: Grid = LINE) -> Tensor:
    """One sample of e^(-rate t) sin x for each rate."""
    s = torch.sin(grid.coords(dtype=F64))
    frames = torch.tensor(times, dtype=F64)[:, None, None]
    return torch.stack([torch.exp(-rate * frames) * s[0] for rate in rates])


def test_the_trapezoid_by_hand():
    """u_t = -u from 1 to 3 in 0.5 s: (3 - 1)/0.5 + (1 + 3)/2 = 6."""
    loss = ResidualLoss(pde(lambda u, d: -u, "u"), LINE, 0.5)
    u = torch.stack([torch.ones(1, 16), torch.full((1, 16), 3.0)])[None]
    assert torch.equal(loss.residual(u), torch.full((1, 1, 1, 16), 6.0))
    assert float(loss(u)) == 36.0


@pytest.mark.parametrize("dt", [0.2, 0.1])
def test_residual_of_an_exact_decay_by_hand(dt):
    """e^-t sin x: (e^-dt - 1)/dt + (1 + e^-dt)/2 at t = 0, exact in space."""
    loss = ResidualLoss(Heat(1.0), LINE, dt, scheme=Spectral())
    u = decay([1.0], [0.0, dt, 2 * dt])
    q = torch.exp(torch.tensor(-dt, dtype=F64))
    factor = (q - 1) / dt + (1 + q) / 2
    torch.testing.assert_close(loss.residual(u)[:, 0], factor * u[:, 0])
    torch.testing.assert_close(loss.residual(u)[:, 1], factor * q * u[:, 0])


def test_second_order_in_the_frame_interval(observed):
    steps, values = (0.1, 0.05), []
    for dt in steps:
        loss = ResidualLoss(Heat(1.0), LINE, dt, scheme=Spectral())
        values.append(float(loss(decay([1.0], [0.0, dt])).sqrt()))
    assert observed(steps, values)[0] == pytest.approx(2, abs=0.1)


def test_coefficients_per_sample_equal_separate_losses():
    rates, times = [0.5, 1.0, 2.0], [0.0, 0.1, 0.2, 0.3]
    u = decay(rates, times)
    together = ResidualLoss(Heat(torch.tensor(rates)), LINE, 0.1, scheme=Spectral())
    residual = together.residual(u)
    for n, rate in enumerate(rates):
        alone = ResidualLoss(Heat(rate), LINE, 0.1, scheme=Spectral())
        torch.testing.assert_close(residual[n : n + 1], alone.residual(u[n : n + 1]))
    field = torch.tensor(rates, dtype=F64)[:, None, None].expand(3, 1, 16)
    by_field = ResidualLoss(Heat(field), LINE, 0.1, scheme=Spectral())
    torch.testing.assert_close(by_field.residual(u), residual)


def test_samples_and_frames_are_kept_apart(box, smooth):
    loss = ResidualLoss(TracerFlow(0.1), box, 0.1)
    u = torch.stack([smooth(box, 3) for _ in range(4)], 1)
    before = loss.residual(u)
    other = u.clone()
    other[1] += 1
    other[0, 3] *= 2
    after = loss.residual(other)
    assert torch.equal(after[0, :2], before[0, :2])
    assert not torch.equal(after[0, 2], before[0, 2])
    assert not torch.equal(after[1], before[1])


def test_the_equation_hears_the_time_of_each_frame():
    """u_t = t has the exact solution t²/2, for which the trapezoid is exact."""
    equation = pde(lambda u, d: d.time * torch.ones_like(u), "u")
    loss = ResidualLoss(equation, LINE, 0.1)
    t = 3.0 + 0.1 * torch.arange(4, dtype=F64)
    u = (t**2 / 2)[None, :, None, None].expand(2, 4, 1, 16)
    assert float(loss(u, start=3.0)) < 1e-20
    assert float(loss(u)) == pytest.approx(9.0)


def test_scale_divides_each_channel(box, smooth):
    u = torch.stack([smooth(box, 3) for _ in range(3)], 1)
    scale = torch.tensor([1.0, 2.0, 10.0])
    plain = ResidualLoss(TracerFlow(0.1), box, 0.1).residual(u)
    scaled = ResidualLoss(TracerFlow(0.1), box, 0.1, scale=scale)
    torch.testing.assert_close(
        scaled.residual(u), plain / scale.double()[:, None, None]
    )
    assert "scale" in scaled.state_dict()
    assert scaled.to(F64).scale.dtype == F64


def test_divergence_is_punished_with_weight_one(box):
    """A steady gradient field of no equation: only its divergence remains."""
    x, _ = (w + torch.zeros(1, 1, 12, 15) for w in box.coords(dtype=F64).split(1, 1))
    v = torch.cat([torch.sin(x), 0 * x, 0 * x], 1)
    u = v[:, None].expand(1, 3, 3, 12, 15)
    still = pde(
        lambda u, d: 0 * u,
        {"velocity": "vector", "tracer": 1},
        constraints=TracerFlow.constraints,
    )
    loss = ResidualLoss(still, box, 0.1, scheme=Spectral())
    assert float(loss.residual(u).abs().max()) == 0
    torch.testing.assert_close(loss.violations(u)[0][0, 2], torch.cos(x)[0])
    assert float(loss(u)) == pytest.approx(0.5)


def test_a_solver_is_judged_by_the_system_that_it_solves(box, smooth):
    """Pressure and dealiasing included, also where the grid resolves little."""
    nu, dt = 0.05, 0.01
    solve = Solver(TracerFlow(nu), box, scheme=Spectral(), stepper=RK4(), dt=dt)
    u = solve(smooth(box, 3), [n * dt for n in range(5)])
    loss = ResidualLoss(TracerFlow(nu), box, dt, scheme=Spectral())
    rate = (u[:, 1:] - u[:, :-1]) / dt
    assert float(loss.residual(u).norm()) < 1e-3 * float(rate.norm())
    wrong = ResidualLoss(TracerFlow(2 * nu), box, dt, scheme=Spectral())
    assert float(wrong(u)) > 100 * float(loss(u))


def test_floor_is_the_loss_without_gradient():
    loss = ResidualLoss(Burgers(0.1), LINE, 0.1)
    u = torch.randn(2, 3, 1, 16, requires_grad=True)
    floor = loss.floor(u)
    assert not floor.requires_grad
    assert float(floor) == float(loss(u).detach())


def test_gradients_and_gradcheck():
    nu = torch.tensor(0.3, dtype=F64, requires_grad=True)
    u = torch.randn(2, 3, 1, 16, dtype=F64, requires_grad=True)

    def loss(u, nu):
        return ResidualLoss(Burgers(nu), LINE, 0.1)(u)

    assert torch.autograd.gradcheck(loss, (u, nu))


def test_inference_mode_then_training_and_copies():
    loss = ResidualLoss(Burgers(0.1), LINE, 0.1, scheme=Spectral())
    u = torch.randn(2, 3, 1, 16)
    with torch.inference_mode():
        value = loss(u)
    u.requires_grad_()
    trained = loss(u)
    trained.backward()
    assert float(trained.detach()) == float(value)
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert float(twin(u.detach())) == float(value)
    strided = u.detach().permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    torch.testing.assert_close(loss(strided), value)


def test_walls_are_part_of_the_residual():
    """1 + x between its own walls is steady; between others it is not."""
    for upper, steady in ((3.0, True), (4.0, False)):
        grid = Grid((12,), (2.0,), boundary=[(Dirichlet(1.0), Dirichlet(upper))])
        u = (1 + grid.coords(dtype=F64))[:, None].expand(1, 2, 1, 12)
        assert (float(ResidualLoss(Heat(), grid, 0.1)(u)) < 1e-18) == steady


@pytest.mark.parametrize(
    ("u", "error", "message"),
    [
        (
            torch.ones(2, 1, 1, 16),
            ShapeError,
            "u: found one frame, .*before the forecast",
        ),
        (torch.ones(2, 1, 16), ShapeError, r"u: found 3 axes.*\(batch, time, channel"),
        (torch.ones(2, 3, 2, 16), ShapeError, "u: found 2 channels.*along axis 2"),
        (torch.ones(2, 3, 1, 15), ShapeError, r"u: found spatial shape \(15,\)"),
        (torch.ones(2, 3, 1, 16).int(), ArgumentError, "u: found dtype torch.int32"),
    ],
)
def test_trajectories_that_do_not_fit(u, error, message):
    with pytest.raises(error, match=message):
        ResidualLoss(Burgers(0.1), LINE, 0.1)(u)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": 0.0}, "dt: found 0.0, expected a positive number; give the interval"),
        ({"dt": "a"}, "dt: found 'a', expected a positive number"),
        (
            {"dt": 0.1, "scale": "a"},
            "scale: found 'a', expected float or int or Tensor",
        ),
        ({"dt": 0.1, "scheme": "weno"}, "scheme: found 'weno', expected Scheme; use"),
        ({"dt": float("inf")}, "dt: found inf"),
        ({"dt": 0.1, "scale": -1.0}, "scale: found -1, expected positive sizes"),
        ({"dt": 0.1, "scale": torch.ones(2)}, r"scale: found shape \(2,\).*1 channels"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ArgumentError, match=message):
        ResidualLoss(Burgers(0.1), LINE, **options)


def test_walls_and_the_spectral_scheme():
    walls = Grid((16,), (1.0,), boundary=Dirichlet())
    leaky = Grid((16,), (1.0,), boundary=[(Robin(1.0, 1.0), Dirichlet())])
    with pytest.raises(ArgumentError, match=r"grid: found Robin.*the spectral scheme"):
        ResidualLoss(Heat(), leaky, 0.1, scheme=Spectral())
    ResidualLoss(Heat(), walls, 0.1, scheme=FiniteDifference(4))


def test_violations_are_asked_for_trajectories_on_the_grid():
    with pytest.raises(ShapeError, match="u: found 3 axes"):
        ResidualLoss(Burgers(0.1), LINE, 0.1).violations(torch.ones(1, 1, 16))
