"""Inductor's programs of steps with walls and with fluxes against eager steps."""

import pytest
import torch

from physbias.grid import (
    Dirichlet,
    Grid,
    Inflow,
    Neumann,
    Outflow,
    Periodic,
    Robin,
    Symmetry,
)
from physbias.numerics import (
    CNAB2,
    HLLC,
    MUSCL,
    WENO5,
    Compact,
    Euler,
    FiniteDifference,
    Godunov,
    Leapfrog,
    SemiDiscrete,
    SkewSymmetric,
    Spectral,
    Upwind,
)
from physbias.pdes import (
    Advection,
    AdvectionDiffusion,
    Burgers,
    CompressibleEuler,
    Heat,
    InviscidBurgers,
    ShallowWater,
    Wave,
)
from physbias.strong import Backprop, Checkpoint, Solver

F64 = torch.float64
SHAPE, LENGTHS = (9, 8), (1.0, 2.0)


def learned():
    return torch.linspace(0.1, 0.4, 16, dtype=F64).reshape(2, 1, 8).requires_grad_()


def moving(x, t):
    """A value that varies along the edge and in time."""
    return x[:, :1] * torch.cos(3 * t)


def all_kinds(wall):
    sides = [(Dirichlet(wall), Robin(2.0, 0.5, 0.3)), (Neumann(moving), Outflow(1))]
    return Grid(SHAPE, LENGTHS, boundary=sides)


def through(wall):
    sides = [(Inflow(wall), Outflow(1)), Periodic()]
    return Grid(SHAPE, LENGTHS, boundary=sides)


def box(wall):
    return Grid(SHAPE, LENGTHS, boundary=[Symmetry(), (Symmetry(), Outflow(0))])


def ring(wall):
    return Grid(SHAPE, LENGTHS, boundary=Periodic())


STEADY = Advection((1.0, 0.5))
CASES = {
    "order 2": (Heat(0.02), all_kinds, FiniteDifference(2), Euler()),
    "order 4": (Burgers(0.05), all_kinds, FiniteDifference(4), Euler()),
    "mirror": (
        AdvectionDiffusion(0.02, (1.0, 0.5)),
        all_kinds,
        FiniteDifference(4, mirror=True),
        Euler(),
    ),
    "symplectic": (Wave(0.5), box, FiniteDifference(2), Leapfrog()),
    "multistep": (Burgers(0.05), ring, FiniteDifference(2), CNAB2()),
    "compact": (Heat(0.02), all_kinds, Compact(6), Euler()),
    "skew": (Burgers(0.05), ring, SkewSymmetric(FiniteDifference(2)), Euler()),
    "upwind": (STEADY, through, Upwind(3), Euler()),
    "WENO": (InviscidBurgers(), through, WENO5(), Euler()),
    "MUSCL": (STEADY, through, MUSCL(), Euler()),
    "shallow water": (ShallowWater(), box, MUSCL(), Euler()),
    "gas": (CompressibleEuler(), box, MUSCL(riemann=HLLC()), Euler()),
    "Godunov": (InviscidBurgers(), through, Godunov(), Euler()),
}


def state(equation):
    """Small smooth waves about a state that every equation allows."""
    channels = equation.num_channels(2)
    x, y = (
        w / size
        for w, size in zip(
            ring(None).coords(dtype=F64).split(1, dim=1), LENGTHS, strict=True
        )
    )
    phase = torch.arange(2 * channels, dtype=F64).reshape(2, channels, 1, 1)
    waves = torch.sin(2 * torch.pi * x + phase) * torch.cos(2 * torch.pi * y - phase)
    rest = torch.ones(channels, dtype=F64)
    if isinstance(equation, CompressibleEuler):
        rest[-1] = 4  # energy, for a pressure above zero
    return rest.reshape(-1, 1, 1) + 0.1 * waves


def test_values_that_an_inflow_holds_are_no_question_to_the_compiler():
    """Traced as a whole, without the cost of Inductor."""
    equation, make, scheme, stepper = CASES["upwind"]
    torch.compiler.reset()
    system = SemiDiscrete(equation, scheme.bind(make(learned()), dtype=F64))
    u, clock, length = state(equation), torch.tensor(0.0), torch.tensor(0.002)
    traced = torch.compile(stepper.step, fullgraph=True, backend="eager")
    found = traced(system, u, clock, length)
    torch.testing.assert_close(found, stepper.step(system, u, clock, length))


@pytest.mark.slow  # ten to thirty seconds of compiling each
@pytest.mark.filterwarnings(
    "ignore:Torchinductor does not support code generation for complex operators",
    "ignore:The .grad attribute of a Tensor that is not a leaf",
)
@pytest.mark.parametrize("name", CASES)
def test_a_compiled_step_and_its_gradients_equal_the_eager_ones(name):
    """One program (``fullgraph``), not one per time; 0.01 s are five steps or more."""
    equation, make, scheme, stepper = CASES[name]
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    found = []
    for compiled in (False, True):
        wall, u0 = learned(), state(equation).requires_grad_()
        solve = Solver(
            equation,
            make(wall),
            scheme=scheme,
            stepper=stepper,
            dt=0.002,
            gradient=Checkpoint(2) if name == "order 2" else Backprop(),
            compile=compiled,
        )
        u = solve(u0, [0.0, 0.005, 0.01])
        inputs = (u0,) if make in (ring, box) else (u0, wall)
        found.append((u, *torch.autograd.grad(u.square().sum(), inputs)))
    for eager, fused in zip(*found, strict=True):
        torch.testing.assert_close(fused, eager, rtol=1e-10, atol=1e-10)
        assert float(fused.detach().abs().max()) > 0
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] <= 2
    assert not torch._dynamo.utils.counters["graph_break"]


@pytest.mark.slow  # half a minute of tracing each
@pytest.mark.filterwarnings("ignore:Dynamo detected a call to a `functools.lru_cache`")
@pytest.mark.parametrize("scheme", [FiniteDifference(4), Spectral()], ids=str)
def test_a_whole_solver_may_be_compiled_from_outside(scheme):
    """Graphs break where values are looked at; what comes out is the same."""
    torch.compiler.reset()
    grid = Grid((16,), (2.0,), boundary=Periodic())
    x = grid.coords(dtype=F64)
    u0 = torch.cat([torch.sin(torch.pi * x), torch.cos(torch.pi * x)])
    solve = Solver(Heat(0.1), grid, scheme=scheme, stepper=Euler(), dt=0.01)
    times = [0.0, 0.02, 0.05]
    expected = solve(u0, times)
    fresh = Solver(Heat(0.1), grid, scheme=scheme, stepper=Euler(), dt=0.01)
    found = torch.compile(fresh, backend="eager")(u0, times)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
