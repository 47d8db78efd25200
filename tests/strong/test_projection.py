import copy
import pickle

import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.grid import Dirichlet, Grid, Periodic
from physbias.numerics import FiniteDifference, Spectral
from physbias.strong import LerayProjection

F64 = torch.float64
SCHEMES = [*map(FiniteDifference, (2, 4, 6, 8)), Spectral(), Spectral(None)]
POINTS = [(12, 16), (13, 16), (12, 15), (13, 15), (8, 9, 10), (9, 9, 9)]


def make(points, scheme, **options):
    lengths = (2.0, 5.0, 0.7)[: len(points)]
    grid = Grid(points, lengths, boundary=Periodic())
    return LerayProjection(grid, scheme=scheme, **options)


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@pytest.mark.parametrize("points", POINTS)
@pytest.mark.parametrize(("dtype", "bound"), [(F64, 1e-12), (torch.float32, 1e-5)])
def test_divergence_vanishes_at_random_fields(points, scheme, dtype, bound):
    project = make(points, scheme)
    v = torch.randn(3, len(points), *points, dtype=dtype)
    free = project(v)
    before, after = project.divergence(v), project.divergence(free)
    assert float(after.abs().max()) <= bound * float(before.abs().max())
    assert float(free.square().sum()) > 0.1 * float(v.square().sum())


@pytest.mark.parametrize("scheme", SCHEMES, ids=repr)
@pytest.mark.parametrize("points", POINTS)
def test_it_is_idempotent_self_adjoint_and_keeps_the_mean(points, scheme):
    project = make(points, scheme)
    v, w = torch.randn(2, 2, len(points), *points, dtype=F64)
    free = project(v)
    torch.testing.assert_close(project(free), free)
    torch.testing.assert_close((w * free).sum(), (project(w) * v).sum())
    space = tuple(range(2, v.ndim))
    torch.testing.assert_close(free.mean(space), v.mean(space))
    # what it removes is a gradient of the scheme: orthogonal to what it leaves
    assert abs(float(((v - free) * free).sum())) < 1e-10


def test_a_gradient_vanishes_and_a_swirl_stays():
    """v = grad(sin kx sin ly) + curl of the same, with the exact scheme."""
    project = make((12, 15), Spectral())
    k, l = torch.pi, 2 * torch.pi / 5  # noqa: E741
    x, y = project.grid.coords(dtype=F64).split(1, dim=1)
    cs = torch.cos(k * x) * torch.sin(l * y)
    sc = torch.sin(k * x) * torch.cos(l * y)
    swirl = torch.cat([l * sc, -k * cs], 1)
    gradient = torch.cat([k * cs, l * sc], 1)
    torch.testing.assert_close(project(gradient + swirl), swirl)


def test_gradcheck_and_its_gradient_is_itself():
    project = make((4, 5), FiniteDifference(2))
    v = torch.randn(2, 2, 4, 5, dtype=F64, requires_grad=True)
    assert torch.autograd.gradcheck(project, v)
    w = torch.randn(2, 2, 4, 5, dtype=F64)
    (pulled,) = torch.autograd.grad(project(v), v, w)
    torch.testing.assert_close(pulled, project(w))


def test_other_channels_pass_through():
    project = make((6, 8), FiniteDifference(4), first=1)
    u = torch.randn(2, 4, 6, 8)
    found = project(u)
    assert torch.equal(found[:, [0, 3]], u[:, [0, 3]])
    assert float(project.divergence(found).abs().max()) < 1e-4


def test_copies_and_pickles():
    project = make((6, 8), Spectral())
    v = torch.randn(2, 2, 6, 8)
    free = project(v)
    assert torch.equal(pickle.loads(pickle.dumps(copy.deepcopy(project)))(v), free)
    assert not project.state_dict()


def test_mistakes_are_named():
    walled = Grid((8, 8), (1.0, 1.0), boundary=[Periodic(), Dirichlet()])
    with pytest.raises(ArgumentError, match=r"grid: found an axis with walls.*Leray"):
        LerayProjection(walled)
    with pytest.raises(ArgumentError, match="grid: found None, expected Grid"):
        LerayProjection(None)
    plane = Grid((8, 8), (1.0, 1.0), boundary=Periodic())
    with pytest.raises(ArgumentError, match="scheme: found 4, expected Scheme; use"):
        LerayProjection(plane, scheme=4)
    with pytest.raises(ArgumentError, match="first: found -1, expected a whole number"):
        LerayProjection(plane, first=-1)
    project = make((6, 8), FiniteDifference(4), first=1)
    with pytest.raises(ShapeError, match=r"u: found 2 channels.*1 to 2.*another first"):
        project(torch.ones(1, 2, 6, 8))
    with pytest.raises(ShapeError, match=r"u: found spatial shape \(8, 6\)"):
        project(torch.ones(1, 3, 8, 6))
