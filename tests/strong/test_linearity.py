from math import pi

import pytest
import torch
from torch import nn

from physbias.errors import ArgumentError
from physbias.grid import Grid, Neumann, Periodic
from physbias.pdes import Heat, pde
from physbias.strong import Autograd, LinearAdjoint, Solver
from physbias.strong.captures import Captures
from physbias.strong.linearity import check_linear

F64 = torch.float64
LINE = Grid((8,), (2 * pi,), boundary=Periodic())
BY_STATE = r"gradient: found LinearAdjoint\(\) and a step that is not linear.*Checkp"
BY_COEFFICIENT = "gradient: found LinearAdjoint.*gradient needs the states.*requires_gr"


def check(step, u, *captured):
    check_linear(step, u, time=0.0, dt=0.1, captures=Captures(captured))


@pytest.mark.parametrize("dtype", [torch.float32, F64])
@pytest.mark.parametrize("size", [0.0, 1e-3, 1.0, 1e5])
def test_affine_steps_pass_at_every_size(size, dtype):
    matrix = torch.randn(6, 6, dtype=dtype)
    source = torch.randn(6, dtype=dtype, requires_grad=True)
    check(
        lambda u, t, dt: u @ matrix + dt * source,
        size * torch.ones(2, 1, 6).to(dtype),
        source,
    )


@pytest.mark.parametrize(
    "rhs",
    [lambda u: u**2, torch.relu, lambda u: u**3, lambda u: 1e-6 * u * u, torch.sqrt],
    ids=["square", "bend", "cube", "small", "root"],
)
@pytest.mark.parametrize("size", [0.0, 1.0])
def test_other_steps_are_refused(rhs, size):
    u = size * torch.ones(2, 1, 6, dtype=F64)
    with pytest.raises(ArgumentError, match=BY_STATE):
        check(lambda u, t, dt: u + dt * rhs(u), u)


def test_a_coefficient_of_the_state_is_refused():
    nu = nn.Parameter(torch.tensor(0.1, dtype=F64))
    solve = Solver(Heat(nu), LINE, dt=0.1, gradient=LinearAdjoint())
    u0 = torch.rand(2, 1, 8, dtype=F64, requires_grad=True)
    with pytest.raises(ArgumentError, match=BY_COEFFICIENT):
        solve(u0, [0.0, 1.0])
    nu.requires_grad_(False)
    solve(u0, [0.0, 1.0]).sum().backward()


def test_an_unknown_source_and_a_wall_with_flux():
    """Affine: by the initial state and by the source, against the whole graph."""
    grid = Grid((8,), (1.0,), boundary=[(Neumann(0.3), Neumann(-1.0))])
    source = torch.rand(1, 1, 8, dtype=F64, requires_grad=True)

    def rhs(u, d):
        return 0.1 * d.laplacian(u) + source * torch.cos(d.time)

    u0 = torch.rand(2, 1, 8, dtype=F64, requires_grad=True)
    weights, found = torch.randn(2, 3, 1, 8, dtype=F64), []
    for gradient in (Autograd(), LinearAdjoint()):
        solve = Solver(pde(rhs, "u"), grid, dt=0.02, gradient=gradient)
        value = (solve(u0, [0.0, 0.1, 0.5]) * weights).sum()
        found.append(torch.autograd.grad(value, (u0, source)))
    for whole, transposed in zip(*found, strict=True):
        torch.testing.assert_close(transposed, whole, rtol=1e-12, atol=1e-12)
