import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Grid, Periodic
from physbias.numerics import (
    ARS443,
    RK4,
    SSPRK3,
    DormandPrince,
    FiniteDifference,
    Spectral,
)
from physbias.pdes import Burgers, TracerFlow
from physbias.strong import Adjoint, Backprop, Checkpoint, Hybrid, Solver

F64 = torch.float64
TIMES = [0.0, 0.05, 0.07, 0.2]


def learned_viscosity():
    return nn.Parameter(torch.tensor(0.2, dtype=F64))


class Net(nn.Module):
    """One periodic convolution and a bend."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            channels, channels, 3, padding=1, padding_mode="circular", dtype=F64
        )

    def forward(self, u):
        return torch.tanh(self.conv(u))


def gradients(solve, u0, weights, inputs):
    return torch.autograd.grad((solve(u0, TIMES) * weights).sum(), inputs)


@pytest.mark.parametrize("scheme", [FiniteDifference(4), Spectral()], ids=repr)
def test_gradients_equal_central_differences(scheme, box, smooth):
    """Along a random direction of the state, and in the viscosity."""
    nu = learned_viscosity()
    solve = Solver(TracerFlow(nu), box, scheme=scheme, dt=0.01)
    u0 = smooth(box, 3).requires_grad_()
    weights, direction = torch.randn(2, 4, 3, 12, 15, dtype=F64), smooth(box, 3)
    by_state, by_nu = gradients(solve, u0, weights, (u0, nu))

    def value(step: float, bend: float) -> float:
        with torch.no_grad():
            nu.add_(bend)
            found = (solve(u0 + step * direction, TIMES) * weights).sum()
            nu.sub_(bend)
        return float(found)

    e = 1e-4
    along = (value(e, 0) - value(-e, 0)) / (2 * e)
    assert float((by_state * direction).sum()) == pytest.approx(along, rel=1e-6)
    bent = (value(0, e) - value(0, -e)) / (2 * e)
    assert float(by_nu) == pytest.approx(bent, rel=1e-6)


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("segment", [None, 1, 3, 1000])
def test_checkpoints_change_nothing(segment, hybrid, box, smooth):
    u0, weights = smooth(box, 3).requires_grad_(), torch.randn(2, 4, 3, 12, 15)
    net, found = Net(3), []
    for gradient in (Backprop(), Checkpoint(segment)):
        nu = learned_viscosity()
        solve = Solver(TracerFlow(nu, 0.1), box, dt=0.01, gradient=gradient)
        inputs = [u0, nu]
        if hybrid:
            solve = Hybrid(solve, net)
            nn.init.constant_(solve.gain, 0.3)
            inputs += [solve.gain, *net.parameters()]
        found.append(gradients(solve, u0, weights, inputs))
    for plain, kept in zip(*found, strict=True):
        torch.testing.assert_close(kept, plain, rtol=1e-10, atol=1e-12)


def test_checkpoints_keep_fewer_tensors(box, smooth):
    u0 = smooth(box, 3).requires_grad_()

    def kept(gradient) -> int:
        count = 0

        def pack(tensor):
            nonlocal count
            count += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            Solver(TracerFlow(0.1), box, dt=0.005, gradient=gradient)(u0, [0.0, 0.5])
        return count

    assert kept(Checkpoint()) < kept(Backprop()) / 5


def test_one_step_is_one_segment(box, smooth):
    u0 = smooth(box, 3).requires_grad_()
    solve = Solver(TracerFlow(0.1), box, dt=0.01, gradient=Checkpoint())
    solve(u0, [0.0, 0.01]).sum().backward()
    assert u0.grad is not None


def test_adjoint_and_backprop_agree_with_each_other_and_with_fixed_steps(box, smooth):
    found = []
    u0, weights = smooth(box, 2, modes=1).requires_grad_(), torch.randn(2, 4, 2, 12, 15)
    for stepper, gradient in (
        (DormandPrince(1e-12, 1e-13), Backprop()),
        (DormandPrince(1e-12, 1e-13), Adjoint()),
        (RK4(), Backprop()),
    ):
        nu = learned_viscosity()
        fixed = None if isinstance(stepper, DormandPrince) else 1e-3
        solve = Solver(Burgers(nu), box, stepper=stepper, gradient=gradient, dt=fixed)
        found.append(gradients(solve, u0, weights, (u0, nu)))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            assert float((a - b).norm()) < 1e-8 * float(a.norm())


@pytest.mark.parametrize("scheme", [FiniteDifference(2), Spectral()], ids=repr)
@pytest.mark.parametrize("stepper", [SSPRK3(), ARS443()], ids=repr)
def test_gradcheck_of_a_step(scheme, stepper):
    grid = Grid((5, 6), (2.0, 3.0), boundary=Periodic())
    nu = torch.tensor([0.2, 0.3], dtype=F64, requires_grad=True)
    u = torch.randn(2, 3, 5, 6, dtype=F64, requires_grad=True)

    def step(u, viscosity):
        equation = TracerFlow(viscosity, 0.1)
        solve = Solver(equation, grid, scheme=scheme, stepper=stepper)
        return solve.step(u, dt=0.01)[:, :, :2, :3]

    assert torch.autograd.gradcheck(step, (u, nu))


@pytest.mark.parametrize("segment", [0, -3])
def test_empty_segments_are_refused(segment):
    with pytest.raises(
        ArgumentError, match=r"segment: found .*at least one step.*leave"
    ):
        Checkpoint(segment)


def test_a_coefficient_set_before_the_repetition_is_refused(box, smooth):
    """Checkpoint repeats the steps in backward: they must be the same steps."""
    pde = Burgers(torch.tensor([0.1, 0.2], dtype=F64))
    solve = Solver(pde, box, dt=0.01, gradient=Checkpoint(2))
    u0 = smooth(box, 2).requires_grad_()
    result = solve(u0, [0.0, 0.1])
    pde.viscosity = torch.tensor([0.3, 0.4], dtype=F64)
    with pytest.raises(ArgumentError, match="coefficients that were set between"):
        result.sum().backward()


def test_a_learned_coefficient_stepped_before_the_repetition_is_refused(box, smooth):
    nu = learned_viscosity()
    solve = Solver(Burgers(nu), box, dt=0.01, gradient=Checkpoint(2))
    result = solve(smooth(box, 2), [0.0, 0.1])
    with torch.no_grad():
        nu.mul_(0.5)
    with pytest.raises(ArgumentError, match="call backward before the next forward"):
        result.sum().backward()
