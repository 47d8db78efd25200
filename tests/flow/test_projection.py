import pytest
import torch

from physbias.errors import ArgumentError, ShapeError
from physbias.flow import AffineProjection
from physbias.strength import Strength

UNIT = torch.ones(1, 2, 1, 1)


def walls(u):
    """Hold the first row of the first channel at 3: affine, not linear."""
    u = u.clone()
    u[:, 0, 0] = 3
    return u


def draw(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(4, 2, 8, 12, dtype=dtype, generator=generator)


def test_strength():
    assert AffineProjection(walls).strength is Strength.STRONG


def test_increments_of_an_affine_constraint_keep_it():
    projection = AffineProjection(walls)
    u, v = projection.state(draw()), projection.increment(draw())
    assert (u[:, 0, 0] == 3).all()
    assert (v[:, 0, 0] == 0).all()
    assert torch.equal(walls(u + v), u + v)


def test_increments_of_a_linear_constraint_are_projected(leray):
    projection = AffineProjection(leray)
    projection.check(draw(), UNIT)
    assert torch.equal(projection.increment(draw()), leray(draw()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_good_projectors_pass_the_probe(leray, dtype):
    for projector in (leray, walls, lambda u: u - u.mean((-1, -2), keepdim=True)):
        projection = AffineProjection(projector)
        projection.check(draw(dtype), UNIT)  # raises at a defect
        once = projection.increment(draw(dtype))
        torch.testing.assert_close(projection.increment(once), once, rtol=0, atol=1e-5)


def test_the_probe_runs_once_for_a_shape(leray):
    calls = []

    def counted(u):
        calls.append(u.shape)
        return leray(u)

    projection = AffineProjection(counted)
    projection.check(draw(), UNIT)
    first = len(calls)
    projection.check(draw()[:2], UNIT)
    assert len(calls) == first
    projection.check(draw()[..., :6], UNIT)
    assert len(calls) > first


def test_projects_in_float32_under_autocast():
    def product(u):
        mean = torch.full((12, 12), 1 / 12, dtype=u.dtype)
        return u - u @ mean

    with torch.autocast("cpu", dtype=torch.bfloat16):
        projected = AffineProjection(product).state(draw(torch.float32))
    assert projected.dtype == torch.float32
    assert projected.mean(-1).abs().max() < 1e-6


def test_errors(leray):
    def check(projector, unit=UNIT):
        AffineProjection(projector).check(draw(), unit)

    with pytest.raises(ArgumentError, match=r"defect of .*idempotent"):
        check(lambda u: 0.5 * u)
    with pytest.raises(ArgumentError, match=r"defect of .*affine"):
        check(lambda u: u.clamp(min=0))
    with pytest.raises(ArgumentError, match=r"noise scale for all channels.*groups"):
        check(leray, torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1))
    with pytest.raises(ArgumentError, match="defect of nan"):
        check(lambda u: u / 0 * 0)
    with pytest.raises(ShapeError, match=r"projector: found a result of shape \(1, 1"):
        check(lambda u: u[:, :1])
    with pytest.raises(ShapeError, match=r"dtype torch.float32, expected .*float64"):
        check(lambda u: u.float())
