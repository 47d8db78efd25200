import copy
import pickle

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError, ShapeError
from physbias.numerics import ARS443, RK4, DormandPrince, FiniteDifference, Spectral
from physbias.pdes import TracerFlow
from physbias.strong import Hybrid, Solver

F64 = torch.float64
TIMES = [0.0, 0.03, 0.1]


def net():
    return nn.Conv2d(3, 3, 3, padding=1, padding_mode="circular", dtype=F64)


def make(box, **options):
    options = {"scheme": FiniteDifference(4), "dt": 0.01, **options}
    return Solver(TracerFlow(0.1), box, **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scheme": Spectral()},
        {"stepper": ARS443()},
        {"stepper": RK4(), "dt": None},
        {"stepper": DormandPrince(), "dt": None},
    ],
    ids=str,
)
def test_untrained_it_is_the_solver_bit_for_bit(options, box, smooth):
    solve, u0 = make(box, **options), smooth(box, 3)
    assert torch.equal(Hybrid(solve, net())(u0, TIMES), solve(u0, TIMES))


def test_trained_it_differs_and_stays_free_of_divergence(box, smooth):
    solve, u0 = make(box), smooth(box, 3)
    hybrid = Hybrid(solve, net())
    nn.init.constant_(hybrid.gain, 0.5)
    u = hybrid(u0, TIMES).detach()
    assert float((u - solve(u0, TIMES)).abs().max()) > 1e-3
    d = solve.system(u0).derivatives
    assert float(d.div(u[:, -1, :2]).abs().max()) < 1e-12
    assert torch.equal(solve(u0, TIMES), make(box)(u0, TIMES))  # it is not touched


def test_gradients_reach_the_gain_first_and_then_the_net(box, smooth):
    hybrid, u0 = Hybrid(make(box), net()), smooth(box, 3)
    weight = hybrid.solver.pde.net.weight
    loss = hybrid(u0, TIMES).square().sum()
    to_gain, to_net = torch.autograd.grad(loss, (hybrid.gain, weight))
    assert bool((to_gain != 0).all())
    assert not bool(to_net.any())
    nn.init.constant_(hybrid.gain, 0.1)
    (to_net,) = torch.autograd.grad(hybrid(u0, TIMES).square().sum(), weight)
    assert bool(to_net.any())


def test_parameters_are_listed_once_and_copies_follow(box, smooth):
    hybrid, u0 = Hybrid(make(box), net()), smooth(box, 3)
    assert len(list(hybrid.parameters())) == 3
    nn.init.constant_(hybrid.gain, 0.5)
    u = hybrid(u0, TIMES)
    for twin in (copy.deepcopy(hybrid), pickle.loads(pickle.dumps(hybrid))):
        assert torch.equal(twin(u0, TIMES), u)
        nn.init.zeros_(twin.gain)  # the twin's own
        assert not torch.equal(twin(u0, TIMES), u)
    assert torch.equal(hybrid(u0, TIMES), u)
    other = Hybrid(make(box), net())
    other.load_state_dict(hybrid.state_dict())
    assert torch.equal(other(u0, TIMES), u)


def test_a_hybrid_of_a_hybrid_is_limited_by_the_equation(box):
    inner = Hybrid(make(box), net())
    outer = Hybrid(inner.solver, net())
    assert isinstance(outer.solver.pde.known, TracerFlow)
    assert outer.equation is not outer.solver.pde


def test_a_net_of_another_shape_is_refused(box, smooth):
    with pytest.raises(ArgumentError, match="net: found None, expected Module"):
        Hybrid(make(box), None)
    with pytest.raises(ArgumentError, match=r"solver: found None.*Solver\(pde, grid"):
        Hybrid(None, nn.Identity())
    hybrid = Hybrid(make(box), nn.Conv2d(3, 2, 1, dtype=F64))
    with pytest.raises(ShapeError, match=r"net: found an output.*2, 12, 15.*as many"):
        hybrid(smooth(box, 3), TIMES)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (nn.Conv2d(3, 3, 1), "should be the same"),
        (nn.Conv2d(2, 3, 1, dtype=F64), "to have 2 channels"),
        (nn.Linear(7, 7, dtype=F64), "shapes cannot be multiplied"),
    ],
    ids=["dtype", "channels", "width"],
)
def test_what_fails_inside_the_net_says_what_it_was_given(other, message, box, smooth):
    with pytest.raises(RuntimeError, match=message) as caught:
        Hybrid(make(box), other)(smooth(box, 3), TIMES)
    (note,) = caught.value.__notes__
    assert f"inside the net of a Hybrid, {type(other).__name__}" in note
    assert "the state: shape (2, 3, 12, 15), torch.float64" in note


def test_a_net_that_widens_the_state_is_refused(box, smooth):
    class Wide(nn.Module):
        def forward(self, u):
            return u.double()

    class Narrow(nn.Module):
        def forward(self, u):
            return u.bfloat16()

    u0 = smooth(box, 3)
    with pytest.raises(ArgumentError, match=r"net: found an output of torch.float64, "):
        Hybrid(make(box), Wide())(u0.float(), TIMES)
    assert Hybrid(make(box), Narrow())(u0.float(), TIMES).dtype == torch.float32
