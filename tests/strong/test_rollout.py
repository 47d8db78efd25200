import pytest
import torch

from physbias.errors import ArgumentError, DivergenceError
from physbias.grid import Dirichlet, Grid
from physbias.numerics import SDIRK2, DormandPrince
from physbias.pdes import Heat, pde
from physbias.strong import Adjoint, Autograd, Backprop, BinomialCheckpoint, Solver
from physbias.strong.march import Interval
from physbias.strong.rollout import Rollout

DECAY = pde(lambda u, d: -u, "u")


def make(gradient, step=lambda u, t, dt: u - dt * u, total=100):
    return Rollout(step, step, DECAY, gradient, total)


@pytest.mark.parametrize(
    "gradient", [Autograd(), Backprop(), BinomialCheckpoint(2), Adjoint()]
)
def test_every_interval_continues_the_last(gradient):
    """Four halvings, in two intervals: 1/16, whose gradient is the same."""
    rollout, u0 = make(gradient), torch.ones(1, 1, 2, requires_grad=True)
    u = rollout(u0, Interval(0.0, 0.5, 1), final=False)
    u = rollout(u, Interval(0.5, 0.5, 3, first=1), final=True)
    (found,) = torch.autograd.grad(u.sum(), u0)
    assert torch.equal(u.detach(), found)
    assert float(u.detach()[0, 0, 0]) == 1 / 16


def test_steps_run_once_where_no_gradient_is_asked():
    taken = []

    def step(u, time, dt):
        taken.append(time)
        return u

    with torch.no_grad():
        make(Backprop(), step)(torch.ones(1, 1, 2), Interval(1.0, 0.5, 3), final=True)
    assert taken == [1.0, 1.5, 2.0]


def test_a_blow_up_is_named():
    with pytest.raises(DivergenceError, match=r"after step 2 \("):
        make(Backprop(), lambda u, t, dt: 1e30 * u)(
            torch.ones(1, 1, 2), Interval(0.0, 1.0, 4), final=True
        )


def test_random_steps_need_the_whole_graph():
    def step(u, time, dt):
        return u * torch.rand(1)

    u0, interval = torch.ones(1, 1, 2, requires_grad=True), Interval(0.0, 1.0, 2)
    with pytest.raises(ArgumentError, match=r"draws random numbers.*Autograd"):
        make(Backprop(), step)(u0, interval, final=True)
    u = make(Autograd(), step)(u0, interval, final=True)
    (found,) = torch.autograd.grad(u.sum(), u0)
    assert torch.equal(found, u.detach())


@pytest.mark.parametrize(
    "options",
    [
        {"dt": 0.01, "allow_unstable": True},
        {"dt": 0.01},
        {"stepper": SDIRK2(), "dt": 0.01},
        {"stepper": DormandPrince(1e-2, 1e-2)},
    ],
    ids=repr,
)
@pytest.mark.parametrize("end", [0.05, -1.0])
def test_a_wall_that_gives_no_number_is_named(options, end):
    """The logarithm of end - t is infinite at the end and NaN from there on."""
    side = Dirichlet(lambda x, t: torch.log(end - t))
    grid = Grid((8,), (1.0,), boundary=[(Dirichlet(0.0), side)])
    message = "boundary: found NaN or infinity from the function on the upper side of x"
    with pytest.raises(DivergenceError, match=f"{message} at t = 0"):
        Solver(Heat(0.01), grid, **options)(torch.zeros(1, 1, 8), [0.0, 0.1])
