import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Dirichlet, Grid, Neumann, Periodic, Robin
from physbias.numerics import (
    ARS443,
    CNAB2,
    ETDRK4,
    RK4,
    SDIRK2,
    SSPRK3,
    CrankNicolson,
    DormandPrince,
    FiniteDifference,
    ImplicitEuler,
    LowStorageRK4,
    Spectral,
    Yoshida4,
)
from physbias.pdes import (
    AdvectionDiffusion,
    Burgers,
    FisherKPP,
    Heat,
    TracerFlow,
    Wave,
    pde,
)
from physbias.strong import (
    Adjoint,
    Autograd,
    Backprop,
    BinomialCheckpoint,
    Checkpoint,
    Hybrid,
    LinearAdjoint,
    Solver,
)

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


REPLAYS = [Checkpoint(1), Checkpoint(), Checkpoint(2), BinomialCheckpoint(2)]


def per_sample(*values):
    return nn.Parameter(torch.tensor(values, dtype=F64))


NONLINEAR = [
    (TracerFlow, RK4(), FiniteDifference(4)),
    (TracerFlow, SSPRK3(), Spectral()),
    (Burgers, LowStorageRK4(), FiniteDifference(2)),
    (Burgers, ARS443(), FiniteDifference(4)),
    (Burgers, CNAB2(), Spectral()),
    (Burgers, ETDRK4(), Spectral()),
    (FisherKPP, ImplicitEuler(), FiniteDifference(2)),
    (Burgers, SDIRK2(), FiniteDifference(2)),
]


@pytest.mark.parametrize(
    ("make", "stepper", "scheme"), NONLINEAR, ids=lambda v: getattr(v, "__name__", v)
)
def test_all_modes_agree_with_each_other_and_with_differences(
    make, stepper, scheme, box, smooth
):
    """By the initial state and by a coefficient of each sample."""
    nu = per_sample(0.2, 0.3)
    channels = make(nu).num_channels(2)
    u0 = smooth(box, channels).requires_grad_()
    times, weights = [0.0, 0.06, 0.1], torch.randn(2, 3, channels, 12, 15, dtype=F64)

    def value(gradient, bend=0.0, push=0.0):
        moved = nu if bend == 0 else (nu + bend * torch.tensor([1.0, -2.0])).detach()
        options = {"scheme": scheme, "stepper": stepper, "dt": 0.0201}
        solve = Solver(make(moved), box, gradient=gradient, **options)
        return (solve(u0 + push * direction, times) * weights).sum()

    direction = smooth(box, channels)
    first, *others = (
        torch.autograd.grad(value(gradient), (u0, nu))
        for gradient in (Autograd(), *REPLAYS)
    )
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert float((a - b).norm()) < 1e-8 * float(a.norm())
    e = 1e-4
    with torch.no_grad():
        bent = (value(Autograd(), e) - value(Autograd(), -e)) / (2 * e)
        pushed = (value(Autograd(), 0, e) - value(Autograd(), 0, -e)) / (2 * e)
    by_state = float((first[0] * direction).sum())
    assert by_state == pytest.approx(float(pushed), rel=1e-6)
    by_nu = float(first[1][0] - 2 * first[1][1])
    assert by_nu == pytest.approx(float(bent), rel=1e-6)


@pytest.mark.parametrize(
    ("equation", "stepper"),
    [
        (Heat(0.1), RK4()),
        (AdvectionDiffusion(0.1, (1.0, -0.5)), SSPRK3()),
        (AdvectionDiffusion(0.1, (1.0, -0.5)), ARS443()),
        (AdvectionDiffusion(0.1, (1.0, -0.5)), CNAB2()),
        (AdvectionDiffusion(0.1, (1.0, -0.5)), ETDRK4()),
        (Heat(0.1), CrankNicolson()),
        (Wave(1.0), Yoshida4()),
    ],
    ids=lambda v: type(v).__name__,
)
def test_linear_steps_are_transposed_without_states(equation, stepper, box, smooth):
    channels, found = equation.num_channels(2), []
    u0 = smooth(box, channels).requires_grad_()
    weights = torch.randn(2, 3, channels, 12, 15, dtype=F64)
    for gradient in (Autograd(), LinearAdjoint()):
        solve = Solver(equation, box, stepper=stepper, dt=0.0201, gradient=gradient)
        value = (solve(u0, [0.0, 0.06, 0.1]) * weights).sum()
        found.append(torch.autograd.grad(value, u0)[0])
    assert float((found[0] - found[1]).norm()) < 1e-8 * float(found[0].norm())


def test_a_coefficient_that_was_computed_and_one_in_a_closure(box, smooth):
    raw, other = per_sample(-2.0), per_sample(0.7)
    u0, found = smooth(box, 1), []
    for gradient in (Autograd(), *REPLAYS):
        nu = raw.exp()

        def rhs(u, d, nu=nu):
            return nu * d.laplacian(u) + other * raw * u * (1 - u)

        u = Solver(pde(rhs, "u"), box, dt=0.02, gradient=gradient)(u0, [0.0, 0.1])
        found.append(torch.autograd.grad(u.square().sum(), (raw, other)))
    for a, b in zip(found[0] * len(REPLAYS), sum(found[1:], ()), strict=True):
        torch.testing.assert_close(b, a, rtol=1e-10, atol=0)


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("segment", [None, 1, 3, 1000])
def test_checkpoints_change_nothing(segment, hybrid, box, smooth):
    u0, weights = smooth(box, 3).requires_grad_(), torch.randn(2, 4, 3, 12, 15)
    net, found = Net(3), []
    for gradient in (Autograd(), Checkpoint(segment)):
        nu = learned_viscosity()
        solve = Solver(TracerFlow(nu, 0.1), box, dt=0.01, gradient=gradient)
        inputs = [u0, nu]
        if hybrid:
            solve = Hybrid(solve, net).double()
            nn.init.constant_(solve.gain, 0.3)
            inputs += [solve.gain, *net.parameters()]
        found.append(gradients(solve, u0, weights, inputs))
    for plain, kept in zip(*found, strict=True):
        torch.testing.assert_close(kept, plain, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("segment", [1, 3])
def test_long_solves_by_default(segment, box, smooth):
    """More steps than are kept whole; one state per step is a segment of one."""
    nu, u0 = learned_viscosity(), smooth(box, 2).requires_grad_()
    found = []
    for gradient in (Autograd(), Backprop(), Checkpoint(segment)):
        solve = Solver(Burgers(nu), box, dt=0.01, gradient=gradient)
        u = solve(u0, [0.0, 0.05, 0.25])
        found.append(torch.autograd.grad(u.square().sum(), (u0, nu)))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            torch.testing.assert_close(b, a, rtol=1e-12, atol=0)


def test_backprop_keeps_what_operations_leave_of_few_steps_only(box, smooth):
    u0 = smooth(box, 3).requires_grad_()

    def kept(gradient, steps) -> int:
        count = 0

        def pack(tensor):
            nonlocal count
            count += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            solve = Solver(TracerFlow(0.1), box, dt=0.005, gradient=gradient)
            solve(u0, [0.0, 0.005 * steps])
        return count

    assert kept(Backprop(), 16) == kept(Autograd(), 16) > 5 * kept(Backprop(), 17)


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


TIGHT = DormandPrince(1e-10, 1e-12)
WALLED_MODES = [
    (Adjoint(), TIGHT, None),
    *((gradient, RK4(), 0.02) for gradient in REPLAYS),
    (LinearAdjoint(), RK4(), 0.02),
]


@pytest.mark.parametrize(
    ("gradient", "stepper", "dt"), WALLED_MODES, ids=lambda v: repr(v)
)
def test_gradients_by_values_at_walls_and_by_coefficients(gradient, stepper, dt):
    """A value along an edge and per sample, one in time, and one rate per sample."""
    along = torch.randn(2, 1, 3, dtype=F64, requires_grad=True)
    rate = torch.tensor(0.7, dtype=F64, requires_grad=True)
    nu = per_sample(0.02, 0.05)
    linear = isinstance(gradient, LinearAdjoint)
    inputs = [along, rate] if linear else [along, rate, nu]
    directions = [torch.randn_like(tensor) for tensor in inputs]
    u0, weights = torch.randn(2, 1, 4, 3, dtype=F64), torch.randn(2, 3, 1, 4, 3)

    def value(mode, e=0.0):
        moved = inputs
        if e:
            pairs = zip(inputs, directions, strict=True)
            moved = [(t + e * d).detach() for t, d in pairs]
        wall, pace, *spread = moved
        in_time = Neumann(lambda x, t: x[:, 1:] * torch.sin(pace * t))
        sides = [(Dirichlet(wall), in_time), (Robin(2.0, 0.5, pace), Dirichlet(0.3))]
        grid = Grid((4, 3), (1.0, 1.5), boundary=sides)
        equation = AdvectionDiffusion(spread[0] if spread else 0.05, (0.2, -0.1))
        options = {"scheme": FiniteDifference(2), "stepper": stepper, "dt": dt}
        solve = Solver(equation, grid, gradient=mode, **options)
        return (solve(u0, [0.0, 0.02, 0.05]) * weights).sum()

    plain = torch.autograd.grad(value(Autograd()), inputs)
    found = torch.autograd.grad(value(gradient), inputs)
    for a, b in zip(plain, found, strict=True):
        assert float((a - b).norm()) < 1e-8 * float(a.norm())
    e = 1e-4
    with torch.no_grad():
        wanted = float(value(Autograd(), e) - value(Autograd(), -e)) / (2 * e)
    pairs = zip(found, directions, strict=True)
    assert sum(float((g * d).sum()) for g, d in pairs) == pytest.approx(
        wanted, rel=1e-6
    )


def test_a_rate_at_a_wall_or_per_sample_is_refused_where_its_gradient_needs_states():
    wall = torch.tensor(0.5, dtype=F64, requires_grad=True)
    u0 = torch.randn(2, 1, 6, dtype=F64)
    for equation, side in (
        (Heat(0.1), Robin(wall, 1.0, 0.0)),
        (Heat(per_sample(0.1, 0.2)), Dirichlet(0.0)),
    ):
        grid = Grid((6,), (1.0,), boundary=side)
        solve = Solver(equation, grid, dt=0.01, gradient=LinearAdjoint())
        with pytest.raises(ArgumentError, match="a coefficient whose gradient needs"):
            solve(u0, [0.0, 0.1])


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
    message = rf"segment: found {segment}, expected a whole number of at least 1"
    with pytest.raises(ArgumentError, match=message):
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


@pytest.mark.parametrize("gradient", [BinomialCheckpoint(3), LinearAdjoint()])
def test_modes_of_fixed_steps_refuse_adaptive_ones(gradient, box):
    with pytest.raises(ArgumentError, match=r"stepper: found DormandPrince.*RK4"):
        Solver(Heat(), box, stepper=DormandPrince(), gradient=gradient)


def test_no_states_are_refused():
    with pytest.raises(ArgumentError, match="states: found 0, expected a whole number"):
        BinomialCheckpoint(0)


def test_coefficients_set_in_between_are_no_matter_to_the_whole_graph(box, smooth):
    equation = Burgers(torch.tensor([0.1, 0.2], dtype=F64))
    solve = Solver(equation, box, dt=0.01, gradient=Autograd())
    u0 = smooth(box, 2).requires_grad_()
    result = solve(u0, [0.0, 0.1])
    (expected,) = torch.autograd.grad(result.sum(), u0, retain_graph=True)
    equation.viscosity = torch.tensor([0.3, 0.4], dtype=F64)
    assert torch.equal(torch.autograd.grad(result.sum(), u0)[0], expected)
